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

const PATIENT = { timeout: 10_000 };

/** Stores what is found under the same model right after. Again when the cache had no time for it, as it may. */
export async function stored(cache: InferenceCache, address: string, card: ModelCard, inference: Inference) {
  const kept = async () => {
    await cache.set(address, card, inference);
    return cache.get(address, card);
  };
  await expect.poll(kept, PATIENT).toEqual({ ...inference, modelVersion: card.version });
}

const found = (cache: InferenceCache, address: string, card: ModelCard) =>
  expect.poll(() => cache.get(address, card), PATIENT);

/** What every cache of inferences does. @param open a cache of its own with entries that live so long */
export function inferenceCacheCases(open: (ttlSeconds: number) => Promise<InferenceCache>): void {
  test('what was stored is found as it was, and nothing else', async () => {
    await using cache = await open(60);
    expect(await cache.get('a', CARD)).toBeUndefined();
    await stored(cache, 'a', CARD, anInference(7));
    await stored(cache, 'b', CARD, { ...anInference(8), outlierScore: 3.25 });
    await found(cache, 'a', CARD).toEqual(anInference(7));
    expect(await cache.get('c', CARD)).toBeUndefined();
  });

  test('another version, digest or model has entries of its own', async () => {
    await using cache = await open(60);
    const others = [{ version: '2' }, { digest: 'd2' }, { digest: null }, { name: 'n' }].map((other) => ({
      ...CARD,
      ...other,
    }));
    await stored(cache, 'a', CARD, anInference(7));
    for (const other of others) expect(await cache.get('a', other)).toBeUndefined();
    for (const [index, other] of others.entries())
      await stored(cache, 'a', other, { ...anInference(index), modelVersion: other.version });
    await found(cache, 'a', CARD).toEqual(anInference(7));
  });

  test('an image is forgotten under every version, and others stay', async () => {
    await using cache = await open(60);
    const cards = ['1', '2'].map((version) => ({ ...CARD, version }));
    for (const address of ['a', 'ab'])
      for (const card of cards)
        await stored(cache, address, card, { ...anInference(7), modelVersion: card.version });
    const forgotten = () =>
      cache.forget('a').then(
        () => true,
        () => false,
      );
    await expect.poll(forgotten, PATIENT).toBe(true);
    for (const card of cards) {
      expect(await cache.get('a', card)).toBeUndefined();
      await found(cache, 'ab', card).toBeDefined();
    }
  });

  test('the last to be stored is found', async () => {
    await using cache = await open(60);
    await stored(cache, 'a', CARD, anInference(1));
    await stored(cache, 'a', CARD, anInference(2));
    await found(cache, 'a', CARD).toEqual(anInference(2));
  });

  test('an entry is gone after its time', async () => {
    await using cache = await open(1);
    await stored(cache, 'a', CARD, anInference(1));
    await found(cache, 'a', CARD).toBeUndefined();
  });
}
