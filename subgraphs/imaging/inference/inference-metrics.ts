import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type InferenceMetrics = ReturnType<typeof inferenceMetrics>;

/** What the serving path tells of itself. Labels are names of pools and closed lists. */
export function inferenceMetrics(registry: Registry) {
  const registers = [registry];
  const byPool = { labelNames: ['pool'] as const, registers };
  return {
    batchSize: new Histogram({
      ...{ name: 'inference_batch_size', help: 'Images in a batch', buckets: [1, 2, 4, 8, 16, 32, 64] },
      ...byPool,
    }),
    queueSeconds: new Histogram({
      ...{ name: 'inference_queue_wait_seconds', help: 'Wait of an image for its batch to be sent' },
      ...{ buckets: SECONDS, ...byPool },
    }),
    rpcSeconds: new Histogram({
      ...{ name: 'inference_rpc_seconds', help: 'Calls to a model server', buckets: SECONDS },
      ...byPool,
    }),
    inFlight: new Gauge({ name: 'inference_in_flight', help: 'Batches under way', ...byPool }),
    queueDepth: new Gauge({ name: 'inference_queue_depth', help: 'Images that wait for a batch', ...byPool }),
    breaker: new Gauge({
      ...{
        name: 'inference_breaker_state',
        help: 'Breaker of a pool: 0 closed, 1 the next batch decides, 2 open',
      },
      ...byPool,
    }),
    answered: new Counter({
      ...{ name: 'inference_images_total', help: 'Images by the pool and model version that answered' },
      ...{ labelNames: ['pool', 'version'] as const, registers },
    }),
    faults: new Counter({
      ...{ name: 'inference_faults_total', help: 'Calls to a model server that failed, by kind' },
      ...{ labelNames: ['pool', 'fault'] as const, registers },
    }),
    rejected: new Counter({
      ...{ name: 'inference_rejected_total', help: 'Images that were not sent to a pool, by why' },
      ...{ labelNames: ['pool', 'reason'] as const, registers },
    }),
    cacheLookups: new Counter({
      ...{
        name: 'inference_cache_lookups_total',
        help: 'Look-ups in the cache of inferences by what was found',
      },
      ...{ labelNames: ['outcome'] as const, registers },
    }),
    cacheWrites: new Counter({
      ...{
        name: 'inference_cache_writes_total',
        help: 'Inferences given to the cache by what became of them',
      },
      ...{ labelNames: ['outcome'] as const, registers },
    }),
    cacheBreaker: new Gauge({
      ...{
        name: 'inference_cache_breaker_state',
        help: 'Breaker of the cache in Redis: 0 closed, 1 half open, 2 open',
      },
      registers,
    }),
    canary: new Counter({
      ...{ name: 'inference_canary_total', help: 'Images of the canary share by who answered' },
      ...{ labelNames: ['outcome'] as const, registers },
    }),
    shadow: new Counter({
      ...{ name: 'inference_shadow_total', help: 'Images of the shadow share by how its finding compares' },
      ...{ labelNames: ['outcome'] as const, registers },
    }),
    shadowDifference: new Histogram({
      ...{ name: 'inference_shadow_difference', help: 'Largest difference of a probability, 0 to 1' },
      ...{ buckets: [0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], registers },
    }),
  };
}
