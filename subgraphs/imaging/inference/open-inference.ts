import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { BlobStore } from '#common/blob-store.ts';
import type { ImageClassifier, ServedVersion } from '../domain/classifier.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';
import type { ModelTrials } from '../domain/model-trial.ts';
import type { PictureOf } from '../domain/picture-of.ts';
import { cachedClassifier } from './cached-classifier.ts';
import { driftMetrics } from './drift-metrics.ts';
import { inferenceClient } from './inference-client.ts';
import { inferenceMetrics } from './inference-metrics.ts';
import { memoryInferenceCache } from './memory-inference-cache.ts';
import { openModelCards } from './model-cards.ts';
import { openPool, type PoolSettings } from './pool.ts';
import { redisInferenceCache } from './redis-inference-cache.ts';
import { availableVersions, servedModels } from './served-models.ts';
import { servingClient } from './serving-client.ts';
import { shadowing } from './shadow.ts';

export type InferenceConfig = {
  /** Model servers in the order of preference. */
  readonly pools: readonly PoolSettings[];
  readonly trials: ModelTrials;
  readonly cache: { readonly redisUrl: string | undefined; readonly ttlSeconds: number };
};

type Parts = {
  readonly config: {
    readonly modelName: string;
    readonly modelCards: string;
    readonly inference: InferenceConfig;
  };
  readonly blobs: BlobStore;
  readonly pictureOf: PictureOf;
  readonly registry: Registry;
  readonly logger: Logger;
};

export type OpenInference = AsyncDisposable & {
  readonly classify: ImageClassifier;
  readonly cache: InferenceCache;
  readonly models: () => Promise<ServedVersion[]>;
};

/** Opens the way from a stored image to its inference: cache, batches, pools of model servers. */
export function openInference({ config, blobs, pictureOf, registry, logger }: Parts): OpenInference {
  const { modelName: model, inference } = config;
  const { redisUrl, ttlSeconds } = inference.cache;
  const metrics = inferenceMetrics(registry);
  const cards = openModelCards(config.modelCards, model);
  const pools = inference.pools.map((settings) =>
    openPool({ settings, client: servingClient(settings.address), model, metrics }),
  );
  const cache =
    redisUrl === undefined
      ? memoryInferenceCache(ttlSeconds, metrics)
      : redisInferenceCache(redisUrl, ttlSeconds, metrics, logger);
  const models = () => servedModels(pools, model, cards);
  new Gauge({
    name: 'inference_model_available',
    help: 'Versions of the model that a pool says are AVAILABLE',
    registers: [registry],
    async collect() {
      const versions = await models().catch(() => []);
      this.set(versions.filter(({ state }) => state === 'AVAILABLE').length);
    },
  });
  const classify = cachedClassifier({
    ...{ blobs, pictureOf, cache, cards, metrics, trials: inference.trials },
    infer: inferenceClient(pools),
    available: availableVersions(models),
    shadow: shadowing(pools, cards, metrics),
    drift: driftMetrics({ folder: config.modelCards, registry, logger }),
  });
  return {
    classify,
    cache,
    models,
    async [Symbol.asyncDispose]() {
      for (const pool of pools) pool[Symbol.dispose]();
      await cache[Symbol.asyncDispose]();
    },
  };
}
