import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Logger } from 'pino';
import { serviceMetrics } from '#common/metrics.ts';
import { addDiskMetrics } from '#common/runtime-metrics.ts';
import { type RunningServer, startSubgraph } from '#common/subgraph-server.ts';
import { openTracing } from '#common/tracing.ts';
import type { IcuConfig } from './config.ts';
import { openEmbeddedEngine } from './engines/embedded/embedded-engine.ts';
import type { TrainedModel } from './engines/embedded/training.ts';
import { irisEngine } from './engines/iris/iris-engine.ts';
import { measuredModel } from './engines/measured-model.ts';
import { createContext } from './loaders.ts';
import { icuResolvers } from './resolvers/icu.ts';
import { openClinicalLedger } from './stores/open-clinical-ledger.ts';

const SDL = join(import.meta.dirname, '../../schema/icu.graphql');

/** Starts the ICU subgraph: at the first start it fills the ledger with the synthetic cohort and, without
 *  IRIS, trains the model. */
export async function startIcu(config: IcuConfig, logger: Logger): Promise<RunningServer> {
  await using opening = new AsyncDisposableStack();
  const ledger = opening.use(openClinicalLedger<TrainedModel>(config.dataDir));
  const { clinical } = ledger;
  const metrics = serviceMetrics('icu');
  addDiskMetrics(metrics, config.dataDir);
  const tracing = opening.use(await openTracing('icu', config.tracing));
  const engine = opening.use(
    config.iris
      ? irisEngine(config.iris, metrics, logger)
      : await openEmbeddedEngine({ store: ledger.training, types: clinical.observationTypes, logger }),
  );
  const model = measuredModel(engine, metrics);
  const server = opening.use(
    await startSubgraph({
      name: 'icu',
      dataDir: config.dataDir,
      keysDir: config.keysDir,
      host: config.host,
      port: config.port,
      typeDefs: parse(readFileSync(SDL, 'utf8')),
      resolvers: icuResolvers,
      context: () => createContext(clinical, model),
      logger,
      metrics,
      tracing,
      ready: () => true,
    }),
  );
  const open = opening.move();
  const { url, leaving } = server;
  return {
    url,
    leaving,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
