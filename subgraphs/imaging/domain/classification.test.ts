import { expect, test } from 'vitest';
import { decide, rankedFindings, type StoredClassification } from './classification.ts';

const LABELS = [
  { code: 'COVID19', display: 'COVID-19', disease: true },
  { code: 'NORMAL', display: 'No finding', disease: false },
  { code: 'PNEUMONIA', display: 'Pneumonia', disease: true },
];

function classified(probabilities: number[], thresholds: Record<string, number> = {}): StoredClassification {
  const inference = {
    ...{ probabilities, maps: Buffer.alloc(0), mapHeight: 0, mapWidth: 0 },
    ...{ modelVersion: '1', pool: 'embedded' },
  };
  const model = { name: 'covid19', version: '1', digest: null, labels: LABELS, thresholds };
  return { radiographId: 'r1', inference, model, cached: false };
}

test('findings stand in the order of their probability', () => {
  expect(rankedFindings(classified([0.1, 0.2, 0.7]))).toEqual([
    { code: 'PNEUMONIA', display: 'Pneumonia', probability: 0.7 },
    { code: 'NORMAL', display: 'No finding', probability: 0.2 },
    { code: 'COVID19', display: 'COVID-19', probability: 0.1 },
  ]);
});

test('equal probabilities keep the order of the model', () => {
  expect(rankedFindings(classified([0.4, 0.2, 0.4])).map(({ code }) => code)).toEqual([
    'COVID19',
    'PNEUMONIA',
    'NORMAL',
  ]);
});

test('a disease that reaches its threshold exactly is positive', () => {
  expect(decide(classified([0.6, 0.4, 0], { COVID19: 0.6 }))).toEqual({
    decision: 'POSITIVE',
    indeterminateReason: null,
    threshold: 0.6,
  });
});

test('a normal radiograph above its own threshold is negative', () => {
  expect(decide(classified([0.1, 0.9, 0], { COVID19: 0.05, NORMAL: 0.8 }))).toEqual({
    decision: 'NEGATIVE',
    indeterminateReason: null,
    threshold: 0.8,
  });
});

test('a first finding below its threshold decides nothing, although a second one reaches its own', () => {
  expect(decide(classified([0.4, 0.6, 0], { COVID19: 0.3, NORMAL: 0.7 }))).toEqual({
    decision: 'INDETERMINATE',
    indeterminateReason: 'BELOW_THRESHOLD',
    threshold: 0.7,
  });
});

test('a label without a threshold counts from one half', () => {
  expect(decide(classified([0.5, 0.3, 0.2]))).toMatchObject({ decision: 'POSITIVE', threshold: 0.5 });
  expect(decide(classified([0.49, 0.3, 0.21]))).toMatchObject({ decision: 'INDETERMINATE', threshold: 0.5 });
});

test('an image unlike those that the model learned from decides nothing, however sure the model is', () => {
  const scored = (outlierScore: number) => {
    const { inference, model, ...rest } = classified([0.99, 0.01, 0]);
    return { ...rest, inference: { ...inference, outlierScore }, model: { ...model, outlierThreshold: 3 } };
  };
  for (const score of [3.01, Number.NaN, Number.POSITIVE_INFINITY])
    expect(decide(scored(score)), String(score)).toEqual({
      decision: 'INDETERMINATE',
      indeterminateReason: 'OUT_OF_DISTRIBUTION',
      threshold: 0.5,
    });
  expect(decide(scored(3)).decision).toBe('POSITIVE');
});

test('a model without labels is a fault, not a finding', () => {
  const { model, ...rest } = classified([]);
  expect(() => decide({ ...rest, model: { ...model, labels: [] } })).toThrow('no labels');
});
