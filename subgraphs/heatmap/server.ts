import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Logger } from 'pino';
import { fileUrl } from '#common/file-token.ts';
import { sealHeatmapClaim } from '#common/heatmap-claim.ts';
import { addImageWorkMetrics } from '#common/image-work-metrics.ts';
import { openKeys } from '#common/keys.ts';
import { serviceMetrics } from '#common/metrics.ts';
import { addDiskMetrics } from '#common/runtime-metrics.ts';
import { openBlobStore } from '#common/storage-settings.ts';
import { type RunningServer, startSubgraph } from '#common/subgraph-server.ts';
import { openTracing } from '#common/tracing.ts';
import type { HeatmapConfig } from './config.ts';
import type { Context } from './context.ts';
import { startPainters } from './rendering/painters.ts';
import { renderingMetrics } from './rendering/rendering-metrics.ts';
import { sharpRenderer } from './rendering/sharp-renderer.ts';
import { heatmapResolvers } from './resolvers/heatmap.ts';

const SDL = join(import.meta.dirname, '../../schema/heatmap.graphql');

/** Starts the heatmap subgraph. It holds no state of its own: what it draws lies in the blob store. */
export async function startHeatmap(config: HeatmapConfig, logger: Logger): Promise<RunningServer> {
  const metrics = serviceMetrics('heatmap');
  addDiskMetrics(metrics, config.dataDir);
  addImageWorkMetrics(metrics);
  const keys = await openKeys(config.dataDir, config.keysDir);
  const linkKey = keys('file-token');
  const claimKey = keys('heatmap-claim');
  const blobs = await openBlobStore(config, keys, metrics);
  await using starting = new AsyncDisposableStack();
  const tracing = starting.use(await openTracing('heatmap', config.tracing));
  const painters = starting.use(startPainters(logger));
  const context: Context = {
    renderer: sharpRenderer(blobs, painters, renderingMetrics(metrics)),
    linkTo: (picture) => fileUrl(linkKey, picture),
    claimOf: (claim) => sealHeatmapClaim(claimKey, claim),
  };
  const server = await startSubgraph({
    name: 'heatmap',
    dataDir: config.dataDir,
    keysDir: config.keysDir,
    host: config.host,
    port: config.port,
    typeDefs: parse(readFileSync(SDL, 'utf8')),
    resolvers: heatmapResolvers,
    context: () => context,
    logger,
    metrics,
    tracing,
    ready: () => true,
  });
  starting.use(server);
  const running = starting.move();
  const { url, leaving } = server;
  return { url, leaving, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
