import { expect, test } from 'vitest';
import { featuresOf } from '../../context.ts';
import type { Features } from '../../domain/icu-model.ts';
import { OBSERVATION_TYPES } from '../../domain/observation-types.ts';
import { seededRandom } from '../../domain/random.ts';
import { syntheticCohort } from '../../domain/synthetic-cohort.ts';
import { embeddedEngine } from './embedded-engine.ts';
import { COLUMNS, fitScaling, row } from './features.ts';
import { fitLogisticRegression, logistic } from './logistic-regression.ts';
import { auroc, type TrainingCase, trainModel } from './training.ts';

const casesOf = (count: number, seed: number): TrainingCase[] =>
  syntheticCohort(count, seed).map(({ observations, admitted }) => ({
    features: featuresOf(observations),
    admitted,
  }));
const CASES = casesOf(3_000, 7);
const MODEL = trainModel(CASES);
const ENGINE = embeddedEngine(MODEL, '1');
const assessed = (patients: readonly Features[]) =>
  ENGINE.assessKnown(patients.map((features, i) => ({ id: String(i), features })));

/** Rows with two columns whose labels follow the given coefficients. */
function generated(count: number, intercept: number, weights: readonly number[]) {
  const random = seededRandom(3);
  const rows = Array.from({ length: count }, () => weights.map(() => random.normal(0, 1)));
  const labels = rows.map((columns) =>
    random.chance(logistic(columns.reduce((sum, x, i) => sum + x * (weights[i] ?? 0), intercept))),
  );
  return { rows, labels };
}

test('the same cases give the same model, others another', () => {
  expect(trainModel(casesOf(3_000, 7))).toEqual(MODEL);
  expect(MODEL.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(trainModel(casesOf(3_000, 8)).digest).not.toBe(MODEL.digest);
});

test.each([7, 8, 9])('seed %i: on held-out patients it beats chance and the base rate', (seed) => {
  const cases = casesOf(3_000, seed);
  const { metrics, threshold } = trainModel(cases);
  const held = cases.slice(2_250);
  expect(metrics.cases).toBe(held.length);
  expect(metrics.auroc).toBeGreaterThan(0.75);
  const rate = held.filter(({ admitted }) => admitted).length / held.length;
  expect(metrics.brier).toBeLessThan(0.95 * rate * (1 - rate));
  expect(threshold).toBeGreaterThan(0.05);
  expect(threshold).toBeLessThan(0.6);
});

test('the outcome of held-out patients does not move the coefficients', () => {
  const turned = CASES.map((one, i) => (i < 2_250 ? one : { ...one, admitted: !one.admitted }));
  expect(trainModel(turned).coefficients).toEqual(MODEL.coefficients);
});

test('its probabilities are calibrated: of those with about one half, about one half is admitted', async () => {
  const unseen = casesOf(4_000, 99);
  const found = await assessed(unseen.map(({ features }) => features));
  for (const [low, high] of [
    [0, 0.1],
    [0.1, 0.3],
    [0.3, 0.6],
    [0.6, 1],
  ] as const) {
    const group = found.flatMap(({ probability }, i) =>
      probability >= low && probability < high ? [{ probability, admitted: unseen[i]?.admitted }] : [],
    );
    expect(group.length).toBeGreaterThan(100);
    const expected = group.reduce((sum, { probability }) => sum + probability, 0) / group.length;
    const actual = group.filter(({ admitted }) => admitted).length / group.length;
    expect(Math.abs(actual - expected)).toBeLessThan(0.08);
  }
});

test('logistic regression finds the coefficients by which the labels were made', () => {
  const { rows, labels } = generated(20_000, -1, [2, -0.5, 0]);
  const { intercept, weights } = fitLogisticRegression(rows, labels, 1);
  for (const [i, value] of [-1, 2, -0.5, 0].entries())
    expect(Math.abs(([intercept, ...weights][i] ?? Number.NaN) - value)).toBeLessThan(0.1);
});

test('a stronger penalty draws the weights to nought and leaves the intercept free', () => {
  const { rows, labels } = generated(2_000, -1, [2, -0.5]);
  const { intercept, weights } = fitLogisticRegression(rows, labels, 1e9);
  for (const weight of weights) expect(Math.abs(weight)).toBeLessThan(1e-3);
  const rate = labels.filter(Boolean).length / labels.length;
  expect(logistic(intercept)).toBeCloseTo(rate, 3);
});

test('labels that a line separates, and a column that never changes, still give finite weights', () => {
  const rows = Array.from({ length: 100 }, (_, i) => [i - 49.5, 0]);
  const fitted = fitLogisticRegression(
    rows,
    rows.map(([x = 0]) => x > 0),
    1,
  );
  expect([fitted.intercept, ...fitted.weights].every(Number.isFinite)).toBe(true);
  expect(fitted.weights[0]).toBeGreaterThan(0);
  expect(fitted.weights[1]).toBeCloseTo(0, 9);
});

test('what is missing counts as average, and its absence as a column where it says something', () => {
  const patients = [
    new Map([['spo2', 90]]),
    new Map([
      ['spo2', 98],
      ['lactate', 2],
    ]),
  ];
  const scaling = fitScaling(patients);
  const columnsOf = (features: ReadonlyMap<string, number>, code: string) => {
    const columns = row(features, scaling);
    return COLUMNS.flatMap((column, i) => (column.code === code ? columns[i] : []));
  };
  expect(columnsOf(new Map(), 'spo2')).toEqual([0]);
  expect(columnsOf(new Map([['spo2', 98]]), 'spo2')).toEqual([1]);
  expect(columnsOf(new Map(), 'lactate')).toEqual([0, 1]);
  expect(columnsOf(new Map([['lactate', 2]]), 'lactate')).toEqual([0, -1]);
  expect(row(new Map(), fitScaling([])).every(Number.isFinite)).toBe(true);
});

test('a patient of whom nothing, or the most extreme, is known gets a risk between 0 and 1', async () => {
  const extreme = (which: 'minimum' | 'maximum') =>
    new Map(OBSERVATION_TYPES.map((type) => [type.code, type[which]]));
  const found = await assessed([new Map(), extreme('minimum'), extreme('maximum')]);
  for (const { probability, reasons } of found) {
    expect(probability).toBeGreaterThanOrEqual(0);
    expect(probability).toBeLessThanOrEqual(1);
    expect(reasons.every(({ contribution }) => Number.isFinite(contribution))).toBe(true);
  }
});

test('less oxygen, faster breathing and more lactate raise the risk', async () => {
  const average = new Map([
    ['spo2', 95],
    ['respiratory_rate', 19],
    ['lactate', 1.5],
  ]);
  const changed = (code: string, value: number) => new Map([...average, [code, value]]);
  const patients = [average, changed('spo2', 80), changed('respiratory_rate', 35), changed('lactate', 8)];
  const [base, ...worse] = (await assessed(patients)).map(({ probability }) => probability);
  for (const probability of worse) expect(probability).toBeGreaterThan(base ?? 1);
});

test('the area under the curve is 1 in perfect order, 0 in reverse and one half for ties', () => {
  const scored = (...probabilities: number[]) =>
    probabilities.map((probability, i) => ({ probability, admitted: i % 2 === 0 }));
  expect(auroc(scored(0.9, 0.1, 0.8, 0.2))).toBe(1);
  expect(auroc(scored(0.1, 0.9))).toBe(0);
  expect(auroc(scored(0.5, 0.5, 0.5, 0.5))).toBe(0.5);
});
