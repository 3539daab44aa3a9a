import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLError, GraphQLScalarType, parse } from 'graphql';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { fileUrl } from '#common/file-token.ts';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { serviceMetrics } from '#common/metrics.ts';
import { type RunningServer, startSubgraph } from '#common/subgraph-server.ts';
import type { ImagingConfig } from './config.ts';
import { createContext } from './context.ts';
import { jobBell } from './domain/job-changes.ts';
import type { Ledger } from './domain/ledger.ts';
import { cachedClassifier } from './inference/cached-classifier.ts';
import { inferenceClient } from './inference/inference-client.ts';
import { openModelCards } from './inference/model-cards.ts';
import { engineOf, latestVersion, servedModels } from './inference/served-models.ts';
import { servingClient } from './inference/serving-client.ts';
import { createIntake } from './jobs/intake.ts';
import { startWorker } from './jobs/worker.ts';
import { jobResolvers } from './resolvers/job.ts';
import { radiographResolvers } from './resolvers/radiograph.ts';
import { openLedger } from './stores/open-ledger.ts';

const SDL = join(import.meta.dirname, '../../schema/imaging.graphql');

/** Starts the imaging subgraph with its worker. Disposing it drains: requests first, then jobs under way. */
export async function startImaging(config: ImagingConfig, logger: Logger): Promise<RunningServer> {
  const metrics = serviceMetrics('imaging');
  const keys = await openKeys(config.dataDir);
  const blobs = await openFolderBlobStore(config.dataDir, keys);
  const ledger = await openLedger(config);
  const bell = jobBell();
  const pools = config.pools.map(({ name, address }) => servingClient(name, address));
  const cards = openModelCards(config.modelCards, config.modelName);
  const models = () => servedModels(pools, config.modelName, cards);
  const lookups = counter(
    metrics,
    'inference_cache_lookups_total',
    'Look-ups in the cache of inferences',
    'outcome',
  );
  const ended = counter(metrics, 'job_attempts_total', 'Attempts at jobs by how they ended', 'outcome');
  watchQueue(metrics, ledger);
  const infer = inferenceClient(pools, config.modelName);
  const classify = cachedClassifier({ blobs, infer, cards, servedVersion: latestVersion(models), lookups });
  const worker = startWorker({ ledger, classify, bell, logger, ended });
  const intake = createIntake({ blobs, ledger, claimKey: keys('upload-claim'), wakeWorker: worker.wake });
  const linkKey = keys('file-token');
  const linkTo = (file: Parameters<typeof fileUrl>[1]) => fileUrl(linkKey, file);

  const server = await startSubgraph({
    name: 'imaging',
    dataDir: config.dataDir,
    host: config.host,
    port: config.port,
    typeDefs: parse(readFileSync(SDL, 'utf8')),
    resolvers: mergedResolvers(),
    context: (facts) => createContext({ ledger, bell, intake, models, engineOf, linkTo }, facts),
    logger,
    metrics,
    ready: () =>
      ledger.waiting().then(
        () => true,
        () => false,
      ),
  });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await worker[Symbol.asyncDispose]();
      for (const pool of pools) pool.close();
      await ledger[Symbol.asyncDispose]();
    },
  };
}

function mergedResolvers() {
  const Upload = new GraphQLScalarType({
    name: 'Upload',
    // Its signature is checked where it is opened.
    parseValue: (value) => value,
    parseLiteral() {
      throw new GraphQLError('Expected a file of a multipart request, got a literal');
    },
  });
  return {
    ...radiographResolvers,
    ...jobResolvers,
    Query: { ...radiographResolvers.Query, ...jobResolvers.Query },
    Upload,
  };
}

function counter<Label extends string>(
  metrics: Registry,
  name: string,
  help: string,
  label: Label,
): Counter<Label> {
  return new Counter({ name, help, labelNames: [label], registers: [metrics] });
}

function watchQueue(metrics: Registry, ledger: Ledger): void {
  new Gauge({
    name: 'jobs_waiting',
    help: 'Jobs that have not ended',
    registers: [metrics],
    async collect() {
      // A ledger that is away must not take the other figures with it.
      this.set(await ledger.waiting().catch(() => Number.NaN));
    },
  });
}
