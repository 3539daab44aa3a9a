import { Registry } from 'prom-client';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { RadiographError } from '#common/errors.ts';
import type { Inference, ModelCard } from '../domain/classification.ts';
import type { ModelTrials } from '../domain/model-trial.ts';
import type { StoredRadiograph } from '../domain/radiograph.ts';
import type { Wanted } from './batch-queue.ts';
import { cachedClassifier } from './cached-classifier.ts';
import { inferenceMetrics } from './inference-metrics.ts';
import { memoryInferenceCache } from './memory-inference-cache.ts';
import { ServingFault } from './serving-fault.ts';

const signal = new AbortController().signal;
const stored = (originalAddress: string) => ({ originalAddress }) as StoredRadiograph;

/** A classifier over two stored pictures; the test decides which versions answer and when. */
async function aClassifier(trials: ModelTrials = {}) {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
  const model = {
    ...{ versions: ['1'], changed: undefined as string[] | undefined },
    ...{ digest: 'first', fails: [] as string[], labels: 1 },
    card: {} as Partial<ModelCard>,
  };
  const metrics = inferenceMetrics(new Registry());
  const asked: (string | undefined)[] = [];
  const shadowed: string[] = [];
  const classify = cachedClassifier({
    drift: () => undefined,
    blobs: {
      get: async (address) =>
        address === 'gone' ? undefined : address === 'torn' ? png.subarray(0, 40) : png,
      put: () => Promise.reject(new Error('Nothing is stored here')),
      delete: async () => undefined,
    },
    pictureOf: async (picture) => ({ picture, dicom: null }),
    cache: memoryInferenceCache(60, metrics),
    async infer({ version }: Wanted) {
      asked.push(version);
      const modelVersion = version ?? model.versions[0] ?? '1';
      if (version !== undefined && model.changed?.includes(version) === false)
        throw new ServingFault('absent', 'not this version');
      if (model.fails.includes(modelVersion))
        throw new RadiographError('MODEL_UNAVAILABLE', 'the model fell');
      return { modelVersion, probabilities: [asked.length], maps: Buffer.alloc(4) } as unknown as Inference;
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
    available: async (isFresh) => (isFresh ? model.changed : undefined) ?? model.versions,
    ...{ trials, metrics },
    shadow: async (_grey, version) => void shadowed.push(version),
  });
  return {
    ...{ model, metrics, asked, shadowed },
    inferred: () => asked.length,
    of: (address: string, by = signal) => classify(stored(address), by),
  };
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
  classifier.model.versions = ['2', '1'];
  expect(await classifier.of('a')).toMatchObject({ cached: false, model: { version: '2' } });
  classifier.model.digest = 'second';
  expect((await classifier.of('a')).cached).toBe(false);
  expect((await classifier.of('a')).cached).toBe(true);
});

test('while no server says its version, nothing is taken from the cache', async () => {
  const classifier = await aClassifier();
  await classifier.of('a');
  classifier.model.versions = [];
  expect((await classifier.of('a')).cached).toBe(false);
});

test('a failed inference is not remembered', async () => {
  const classifier = await aClassifier();
  classifier.model.fails = ['1'];
  await expect(classifier.of('a')).rejects.toThrow('the model fell');
  await expect(classifier.of('gone')).rejects.toThrow('gone');
  classifier.model.fails = [];
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

test('without trials no version is named: the server may change over at any moment', async () => {
  const classifier = await aClassifier();
  await classifier.of('a');
  expect(classifier.asked).toEqual([undefined]);
  expect(classifier.shadowed).toEqual([]);
});

test('one who leaves is told at once, and the answer is there for the next', async () => {
  const classifier = await aClassifier();
  const leaving = new AbortController();
  const [left, stayed] = [classifier.of('a', leaving.signal), classifier.of('a')];
  const told = expect(left).rejects.toThrow('gone');
  leaving.abort(new Error('gone'));
  await told;
  expect((await stayed).cached).toBe(false);
  expect(classifier.inferred()).toBe(1);
});

test('the canary answers its share under its own card and key, and the main version the rest', async () => {
  const classifier = await aClassifier({ canary: { version: '2', share: 1 } });
  classifier.model.versions = ['2', '1'];
  expect(await classifier.of('a')).toMatchObject({ cached: false, model: { version: '2' } });
  expect(await classifier.of('a')).toMatchObject({ cached: true, model: { version: '2' } });
  const other = await aClassifier({ canary: { version: '2', share: 0 } });
  other.model.versions = ['2', '1'];
  expect(await other.of('a')).toMatchObject({ cached: false, model: { version: '1' } });
  expect([classifier.asked, other.asked]).toEqual([['2'], ['1']]);
});

test('a canary that fails takes no answer away', async () => {
  const classifier = await aClassifier({ canary: { version: '2', share: 1 } });
  classifier.model.versions = ['2', '1'];
  classifier.model.fails = ['2'];
  expect(await classifier.of('a')).toMatchObject({ cached: false, model: { version: '1' } });
  expect(await classifier.of('a')).toMatchObject({ cached: true, model: { version: '1' } });
  expect((await classifier.metrics.canary.get()).values).toMatchObject([
    { labels: { outcome: 'fell_back' }, value: 2 },
  ]);
  classifier.model.fails = ['1', '2'];
  await expect(classifier.of('b')).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
});

test('a canary is not blamed for an image that cannot be read', async () => {
  const classifier = await aClassifier({ canary: { version: '2', share: 1 } });
  classifier.model.versions = ['2', '1'];
  await expect(classifier.of('torn')).rejects.toMatchObject({ code: 'UNSUPPORTED_IMAGE' });
  expect((await classifier.metrics.canary.get()).values).toEqual([]);
});

test('a main version that was unloaded meanwhile takes no answer away: its successor is asked', async () => {
  const classifier = await aClassifier({ canary: { version: '2', share: 0 } });
  classifier.model.versions = ['2', '1'];
  classifier.model.changed = ['3', '2'];
  expect(await classifier.of('a')).toMatchObject({ cached: false, model: { version: '3' } });
  expect(classifier.asked).toEqual(['1', '3']);
});

test('the shadow is asked once for each new answer, which is that of the main version', async () => {
  const classifier = await aClassifier({ shadow: { version: '2', share: 1 } });
  classifier.model.versions = ['2', '1'];
  for (const address of ['a', 'a', 'b'])
    expect(await classifier.of(address)).toMatchObject({ model: { version: '1' } });
  expect(classifier.shadowed).toEqual(['2', '2']);
});
