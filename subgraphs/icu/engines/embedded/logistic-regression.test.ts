import { expect, test } from 'vitest';
import { seededRandom } from '../../domain/random.ts';
import { fitLogisticRegression, logistic } from './logistic-regression.ts';

/** Rows whose labels follow the given coefficients. */
function generated(count: number, intercept: number, weights: readonly number[]) {
  const random = seededRandom(3);
  const rows = Array.from({ length: count }, () => weights.map(() => random.normal(0, 1)));
  const labels = rows.map((columns) =>
    random.chance(logistic(columns.reduce((sum, x, i) => sum + x * (weights[i] ?? 0), intercept))),
  );
  return { rows, labels };
}

test('it finds the coefficients by which the labels were made', () => {
  const { rows, labels } = generated(20_000, -1, [2, -0.5, 0]);
  const { intercept, weights } = fitLogisticRegression(rows, labels, 1);
  for (const [i, value] of [-1, 2, -0.5, 0].entries())
    expect(Math.abs(([intercept, ...weights][i] ?? Number.NaN) - value)).toBeLessThan(0.1);
});

test('from wherever it starts, it comes to the same coefficients', () => {
  const { rows, labels } = generated(500, -1, [2, -0.5]);
  const from = { intercept: 0.5, weights: [-1, 1] };
  const { intercept, weights } = fitLogisticRegression(rows, labels, 3, from);
  const expected = fitLogisticRegression(rows, labels, 3);
  expect(intercept).toBeCloseTo(expected.intercept, 8);
  for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(expected.weights[i] ?? 9, 8);
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
