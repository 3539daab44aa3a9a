import { expect, test } from 'vitest';
import type { ImageClassifier } from '../domain/classifier.ts';
import type { StoredRadiograph } from '../domain/radiograph.ts';
import { earlyClassifications } from './early-classifications.ts';

const radiograph = { originalAddress: 'a' } as StoredRadiograph;
const image = (originalAddress: string) => ({ originalAddress, encoded: Buffer.alloc(1) });
const { signal } = new AbortController();

/** A classifier that counts, and fails as often as it is told. */
function counting(failures = 0) {
  const calls = { count: 0 };
  const classify: ImageClassifier = async () => {
    calls.count += 1;
    if (calls.count <= failures) throw new Error('the model fell');
    return { call: calls.count, cached: false } as unknown as Awaited<ReturnType<ImageClassifier>>;
  };
  return { calls, early: earlyClassifications(classify) };
}

test('a job takes what was begun for it, once', async () => {
  const { calls, early } = counting();
  early.begin(image('a'));
  early.begin(image('a'));
  expect(await early.classify(radiograph, signal)).toMatchObject({ call: 1, cached: false });
  expect(calls.count).toBe(1);
  expect(await early.classify(radiograph, signal)).toMatchObject({ call: 2 });
});

test('what failed early is begun anew by the job', async () => {
  const { calls, early } = counting(1);
  early.begin(image('a'));
  expect(await early.classify(radiograph, signal)).toMatchObject({ call: 2 });
  expect(calls.count).toBe(2);
});

test('an answer that comes soon is given out once; what failed or was never begun is none', async () => {
  const { calls, early } = counting(1);
  expect(await early.soon('a')).toBeUndefined();
  early.begin(image('a'));
  expect(await early.soon('a')).toBeUndefined();
  early.begin(image('a'));
  expect(await early.soon('a')).toMatchObject({ call: 2 });
  expect(await early.classify(radiograph, signal)).toMatchObject({ call: 3 });
  expect(calls.count).toBe(3);
});

test('an answer that lets wait is left to the job', async () => {
  const answer = Promise.withResolvers<Awaited<ReturnType<ImageClassifier>>>();
  const early = earlyClassifications(() => answer.promise);
  early.begin(image('a'));
  expect(await early.soon('a')).toBeUndefined();
  answer.resolve({ cached: false } as Awaited<ReturnType<ImageClassifier>>);
  expect(await early.classify(radiograph, signal)).toEqual({ cached: false });
});

test('an image that nothing was begun for is classified as ever', async () => {
  const { calls, early } = counting();
  early.begin(image('b'));
  expect(await early.classify(radiograph, signal)).toMatchObject({ call: 2 });
  expect(calls.count).toBe(2);
});
