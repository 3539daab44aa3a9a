import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Inference, ModelCard } from '../domain/classification.ts';
import { aFolder } from '../testing/system.ts';
import { driftMetrics } from './drift-metrics.ts';
import { binOf, distributionOf, driftReference } from './drift-reference.ts';
import { greyFeatures, INPUT_FEATURES } from './image-features.ts';

const SERVED = join(import.meta.dirname, '../../../serving/models');
const silent = pino({ level: 'silent' });

test('the greys of a picture are measured as they are', () => {
  // 10 % black, 80 % of 100, 10 % white.
  const grey = Uint8Array.from({ length: 1_000 }, (_, i) => (i < 100 ? 0 : i < 900 ? 100 : 255));
  const { mean_grey, contrast, dark_grey, bright_grey } = greyFeatures(grey);
  expect(mean_grey).toBeCloseTo(105.5, 9);
  expect(contrast).toBeCloseTo(Math.sqrt(0.1 * 105.5 ** 2 + 0.8 * 5.5 ** 2 + 0.1 * 149.5 ** 2), 9);
  expect([dark_grey, bright_grey]).toEqual([0, 255]);
  expect(greyFeatures(new Uint8Array(10).fill(7))).toEqual({
    ...{ mean_grey: 7, contrast: 0, dark_grey: 7, bright_grey: 7 },
  });
});

test('a value is in the first bin whose upper edge it does not pass, and none is without a bin', () => {
  const edges = { edges: [1, 2] };
  expect(
    [0, 1, 1.5, 2, 2.1, Number.NaN, Number.POSITIVE_INFINITY].map((value) => binOf(edges, value)),
  ).toEqual([...[0, 0, 1, 1, 2, 2, 2]]);
  const { shares } = distributionOf([1, 2], [0, 0, 0]);
  expect(shares).toEqual([0.77778, 0.11111, 0.11111]);
});

test('the reference that is served is of the weights that are served, and complete', async () => {
  const at = join(SERVED, 'covid19/1');
  const digest = createHash('sha256')
    .update(readFileSync(join(at, 'model.onnx')))
    .digest('hex');
  const card = { name: 'covid19', version: '1', digest };
  const reference = await driftReference(SERVED, card);
  expect(Object.keys(reference?.inputs ?? {}).sort()).toEqual([...INPUT_FEATURES].sort());
  const { labels } = JSON.parse(readFileSync(join(at, 'metadata.json'), 'utf8'));
  expect(Object.keys(reference?.scores ?? {})).toEqual(labels.map(({ code }: { code: string }) => code));
  for (const { edges, shares } of Object.values({ ...reference?.inputs, ...reference?.scores })) {
    expect(edges).toEqual([...edges].sort((a, b) => a - b));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
  }
  expect(await driftReference(SERVED, { ...card, digest: 'other' })).toBeUndefined();
  expect(await driftReference(SERVED, { ...card, version: '9' })).toBeUndefined();
});

const CARD: ModelCard = {
  ...{ name: 'm', version: '3', digest: 'd', thresholds: { SICK: 0.5, WELL: 0.5 }, outlierThreshold: 10 },
  labels: [
    { code: 'SICK', display: 'Sick', disease: true },
    { code: 'WELL', display: 'Well', disease: false },
  ],
};

const inference = (sick: number, outlierScore = 1): Inference => ({
  ...{ probabilities: [sick, 1 - sick], outlierScore, modelVersion: '3', pool: 'p' },
  ...{ maps: Buffer.alloc(0), mapHeight: 0, mapWidth: 0 },
});

async function told(reference: object | undefined) {
  await using folder = await aFolder();
  const at = join(folder.path, 'm/3');
  mkdirSync(at, { recursive: true });
  if (reference) writeFileSync(join(at, 'reference.json'), JSON.stringify(reference));
  const registry = new Registry();
  const watch = driftMetrics({ folder: folder.path, registry, logger: silent });
  watch(Buffer.alloc(100, 50), inference(0.9), CARD);
  watch(Buffer.alloc(100, 150), inference(0.2), CARD);
  watch(Buffer.alloc(100, 150), inference(0.2, 11), CARD);
  const values = async () => {
    const { values = [] } = (await registry.getSingleMetric('model_decisions_total')?.get()) ?? {};
    return values.map(({ labels, value }) => [labels.decision, labels.reason, value]);
  };
  const bins = async (name: string) =>
    ((await registry.getSingleMetric(name)?.get())?.values ?? []).map(({ labels, value }) => [
      ...[labels.feature ?? labels.finding, labels.upto, value],
    ]);
  return { decisions: await values(), bins };
}

test('each image is counted in its bin of the reference, and its decision', async () => {
  const { decisions, bins } = await told({
    ...{ digest: 'd', images: 10 },
    inputs: { mean_grey: { edges: [100], shares: [0.5, 0.5] } },
    scores: { SICK: { edges: [0.5], shares: [0.25, 0.75] } },
  });
  expect(decisions).toEqual([
    ['POSITIVE', '', 1],
    ['NEGATIVE', '', 1],
    ['INDETERMINATE', 'OUT_OF_DISTRIBUTION', 1],
  ]);
  await expect
    .poll(() => bins('model_input_images_total'))
    .toEqual([
      ['mean_grey', '100', 1],
      ['mean_grey', '+Inf', 2],
    ]);
  expect(await bins('model_score_images_total')).toEqual([
    ['SICK', '0.5', 2],
    ['SICK', '+Inf', 1],
  ]);
  expect(await bins('model_score_reference_ratio')).toEqual([
    ['SICK', '0.5', 0.25],
    ['SICK', '+Inf', 0.75],
  ]);
});

test('without a reference, or with one of other weights or that cannot be read, decisions alone are counted', async () => {
  for (const reference of [
    undefined,
    { digest: 'other', images: 1, inputs: {}, scores: {} },
    { digest: 'd' },
  ]) {
    const { decisions, bins } = await told(reference);
    expect(decisions).toHaveLength(3);
    expect(await bins('model_input_images_total')).toEqual([]);
  }
});
