import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { anInference, CARD, inferenceCacheCases } from './inference-cache-cases.ts';
import { inferenceMetrics } from './inference-metrics.ts';
import { memoryInferenceCache } from './memory-inference-cache.ts';

const open = async (ttlSeconds: number) => memoryInferenceCache(ttlSeconds, inferenceMetrics(new Registry()));

describe('a cache in memory', () => inferenceCacheCases(open));

test('it stays within its bytes, and what was used last stays', async () => {
  await using cache = memoryInferenceCache(60, inferenceMetrics(new Registry()));
  const large = { ...anInference(1), maps: Buffer.alloc(1024 * 1024) };
  for (let i = 0; i < 100; i += 1) {
    await cache.set(`image ${i}`, CARD, large);
    await cache.get('image 0', CARD);
  }
  const kept = [];
  for (let i = 0; i < 100; i += 1) if (await cache.get(`image ${i}`, CARD)) kept.push(i);
  expect(kept).toEqual([0, ...Array.from({ length: 22 }, (_, i) => i + 78)]);
});
