import { LRUCache } from 'lru-cache';
import type { Inference } from '../domain/classification.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';
import { modelField } from './inference-codec.ts';
import type { InferenceMetrics } from './inference-metrics.ts';

/** About 6,000 images with three 16 × 16 maps: more belong into Redis. */
const MOST_BYTES = 24 * 1024 * 1024;
/** Of an entry beside its maps: key, numbers and objects. */
const ENTRY_BYTES = 1_024;

/** Keeps what was used last in this process, within 24 MiB. */
export function memoryInferenceCache(ttlSeconds: number, metrics: InferenceMetrics): InferenceCache {
  const entries = new LRUCache<string, Inference>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ maps }) => maps.byteLength + ENTRY_BYTES,
    ttl: ttlSeconds * 1_000,
  });
  return {
    async get(address, model) {
      const hit = entries.get(`${address}/${modelField(model)}`);
      metrics.cacheLookups.inc({ outcome: hit ? 'hit' : 'miss' });
      return hit;
    },
    async set(address, model, inference) {
      entries.set(`${address}/${modelField(model)}`, inference);
      metrics.cacheWrites.inc({ outcome: 'stored' });
    },
    async forget(address) {
      for (const key of [...entries.keys()]) if (key.startsWith(`${address}/`)) entries.delete(key);
    },
    async [Symbol.asyncDispose]() {
      entries.clear();
    },
  };
}
