import { Counter, Registry } from 'prom-client';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { Inference, ModelCard } from '../domain/classification.ts';
import type { StoredRadiograph } from '../domain/radiograph.ts';
import { cachedClassifier } from './cached-classifier.ts';

const signal = new AbortController().signal;
const stored = (originalAddress: string) => ({ originalAddress }) as StoredRadiograph;

/** A classifier over two stored pictures; the test decides which version answers and when. */
async function aClassifier() {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
  const model = {
    ...{ version: '1' as string | undefined, digest: 'first', fails: false, labels: 1 },
    card: {} as Partial<ModelCard>,
  };
  const lookups = new Counter({ name: 'n', help: 'n', labelNames: ['outcome'], registers: [new Registry()] });
  let inferred = 0;
  const classify = cachedClassifier({
    blobs: {
      get: async (address) => (address === 'gone' ? undefined : png),
      put: () => Promise.reject(new Error('Nothing is stored here')),
      delete: async () => undefined,
    },
    async infer() {
      inferred += 1;
      if (model.fails) throw new Error('the model fell');
      return { modelVersion: model.version ?? '1', probabilities: [inferred] } as unknown as Inference;
    },
    cards: {
      card: async (version) =>
        ({
          version,
          digest: model.digest,
          labels: Array.from({ length: model.labels }, () => ({ code: 'X' })),
          ...model.card,
        }) as unknown as ModelCard,
      versions: async () => ['1'],
    },
    servedVersion: async () => model.version,
    lookups,
  });
  return { model, inferred: () => inferred, of: (address: string) => classify(stored(address), signal) };
}

test('equal pictures are inferred once, and the second answer says so', async () => {
  const classifier = await aClassifier();
  const first = await classifier.of('a');
  const second = await classifier.of('a');
  expect([first.cached, second.cached]).toEqual([false, true]);
  expect(second.inference).toBe(first.inference);
  expect((await classifier.of('b')).cached).toBe(false);
  expect(classifier.inferred()).toBe(2);
});

test('equal pictures that come at the same moment share one inference', async () => {
  const classifier = await aClassifier();
  const answers = await Promise.all(Array.from({ length: 20 }, () => classifier.of('a')));
  expect(classifier.inferred()).toBe(1);
  expect(new Set(answers.map(({ inference }) => inference)).size).toBe(1);
});

test('a new version of the model, or new weights under an old one, are asked again', async () => {
  const classifier = await aClassifier();
  await classifier.of('a');
  classifier.model.version = '2';
  expect(await classifier.of('a')).toMatchObject({ cached: false, model: { version: '2' } });
  classifier.model.digest = 'second';
  expect((await classifier.of('a')).cached).toBe(false);
  expect((await classifier.of('a')).cached).toBe(true);
});

test('while no server says its version, nothing is taken from the cache', async () => {
  const classifier = await aClassifier();
  await classifier.of('a');
  classifier.model.version = undefined;
  expect((await classifier.of('a')).cached).toBe(false);
});

test('a failed inference is not remembered', async () => {
  const classifier = await aClassifier();
  classifier.model.fails = true;
  await expect(classifier.of('a')).rejects.toThrow('the model fell');
  await expect(classifier.of('gone')).rejects.toThrow('gone');
  classifier.model.fails = false;
  expect((await classifier.of('a')).cached).toBe(false);
  expect((await classifier.of('a')).cached).toBe(true);
});

test('an answer is refused when the card names another number of labels', async () => {
  const classifier = await aClassifier();
  classifier.model.labels = 2;
  await expect(classifier.of('a')).rejects.toThrow('Expected 2 labels');
});

test('an answer without the score that its model promises is a fault: nothing would stop an outlier', async () => {
  const classifier = await aClassifier();
  classifier.model.card = { outlierThreshold: 3 };
  await expect(classifier.of('a')).rejects.toThrow('Expected an outlier score');
});
