import { expect, test } from 'vitest';
import type { Inference, ModelCard } from '../domain/classification.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';

export const CARD: ModelCard = {
  ...{ name: 'm', version: '1', digest: 'd1', thresholds: {} },
  labels: ['A', 'B'].map((code) => ({ code, display: code, disease: true })),
};

/** Two labels and a 1 × 2 map of which `first` is the first value. */
export function anInference(first: number): Inference {
  return {
    probabilities: [0.25, 0.75],
    maps: Buffer.from(Float32Array.from([first, 1.5, -2, 0]).buffer),
    ...{ mapHeight: 1, mapWidth: 2, modelVersion: '1', pool: 'gpu' },
  };
}

/** What every cache of inferences does. @param open a cache of its own, with entries that live for a second */
export function inferenceCacheCases(open: () => Promise<InferenceCache>): void {
  test('what was stored is found as it was, and nothing else', async () => {
    await using cache = await open();
    expect(await cache.get('a', CARD)).toBeUndefined();
    await cache.set('a', CARD, anInference(7));
    await cache.set('b', CARD, { ...anInference(8), outlierScore: 3.25 });
    expect(await cache.get('a', CARD)).toEqual(anInference(7));
    expect(await cache.get('b', CARD)).toEqual({ ...anInference(8), outlierScore: 3.25 });
  });

  test('another version, digest or model has entries of its own', async () => {
    await using cache = await open();
    const others = [{ version: '2' }, { digest: 'd2' }, { digest: null }, { name: 'n' }];
    await cache.set('a', CARD, anInference(7));
    for (const other of others) expect(await cache.get('a', { ...CARD, ...other })).toBeUndefined();
    for (const [index, other] of others.entries())
      await cache.set('a', { ...CARD, ...other }, anInference(index));
    expect(await cache.get('a', CARD)).toEqual(anInference(7));
    expect((await cache.get('a', { ...CARD, version: '2' }))?.modelVersion).toBeDefined();
  });

  test('an image is forgotten under every version, and others stay', async () => {
    await using cache = await open();
    const second = { ...CARD, version: '2' };
    for (const address of ['a', 'ab'])
      for (const card of [CARD, second]) await cache.set(address, card, anInference(7));
    await cache.forget('a');
    for (const card of [CARD, second]) {
      expect(await cache.get('a', card)).toBeUndefined();
      expect(await cache.get('ab', card)).toBeDefined();
    }
    await cache.forget('never seen');
  });

  test('the last to be stored is found', async () => {
    await using cache = await open();
    await cache.set('a', CARD, anInference(1));
    await cache.set('a', CARD, anInference(2));
    expect(await cache.get('a', CARD)).toEqual(anInference(2));
  });

  test('an entry is gone after its time', async () => {
    await using cache = await open();
    await cache.set('a', CARD, anInference(1));
    await expect.poll(() => cache.get('a', CARD), { timeout: 5_000 }).toBeUndefined();
  });
}
