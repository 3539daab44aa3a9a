import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Logger } from 'pino';
import { serviceMetrics } from '#common/metrics.ts';
import { type RunningServer, startSubgraph } from '#common/subgraph-server.ts';
import type { IcuConfig } from './config.ts';
import { featuresOf } from './context.ts';
import type { IcuModel } from './domain/icu-model.ts';
import { syntheticCohort } from './domain/synthetic-cohort.ts';
import { embeddedEngine } from './engines/embedded/embedded-engine.ts';
import { type TrainedModel, trainModel } from './engines/embedded/training.ts';
import { irisEngine } from './engines/iris/iris-engine.ts';
import { createContext } from './loaders.ts';
import { icuResolvers } from './resolvers/icu.ts';
import { openSqliteClinicalStore, type SqliteClinicalStore } from './stores/sqlite-clinical-store.ts';

const SDL = join(import.meta.dirname, '../../schema/icu.graphql');
const SHOWN_PATIENTS = 200;
const SHOWN_SEED = 2020;
/** The model learns from other patients than those it is shown with. */
const TRAINING_PATIENTS = 3_000;
const TRAINING_SEED = 7;

/** Starts the ICU subgraph: at the first start it seeds the synthetic cohort and, without IRIS, trains the model. */
export async function startIcu(config: IcuConfig, logger: Logger): Promise<RunningServer> {
  const store = openSqliteClinicalStore(config.dataDir, () => syntheticCohort(SHOWN_PATIENTS, SHOWN_SEED));
  const metrics = serviceMetrics('icu');
  const engine = config.iris ? irisEngine(config.iris, metrics, logger) : openEmbeddedEngine(store, logger);
  const server = await startSubgraph({
    name: 'icu',
    dataDir: config.dataDir,
    keysDir: config.keysDir,
    host: config.host,
    port: config.port,
    typeDefs: parse(readFileSync(SDL, 'utf8')),
    resolvers: icuResolvers,
    context: () => createContext(store, engine),
    logger,
    metrics,
    ready: () => true,
  });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

function openEmbeddedEngine(store: SqliteClinicalStore, logger: Logger): IcuModel {
  const { version, model } = store.modelOr<TrainedModel>(() => {
    const cohort = syntheticCohort(TRAINING_PATIENTS, TRAINING_SEED);
    return trainModel(
      cohort.map(({ observations, admitted }) => ({ features: featuresOf(observations), admitted })),
    );
  });
  logger.info({ version, ...model.metrics, threshold: model.threshold }, 'ICU model is ready');
  return embeddedEngine(model, version);
}
