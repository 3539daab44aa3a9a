import { expect, test } from 'vitest';
import { auroc, brier, logLoss, youdenThreshold } from './metrics.ts';

const scored = (...probabilities: number[]) =>
  probabilities.map((probability, i) => ({ probability, admitted: i % 2 === 0 }));

test('the area under the curve is 1 in perfect order, 0 in reverse and one half for ties', () => {
  expect(auroc(scored(0.9, 0.1, 0.8, 0.2))).toBe(1);
  expect(auroc(scored(0.1, 0.9))).toBe(0);
  expect(auroc(scored(0.5, 0.5, 0.5, 0.5))).toBe(0.5);
  // By hand: of the four pairs two are in order and one is a tie.
  expect(auroc(scored(0.9, 0.4, 0.4, 0.6))).toBe(2.5 / 4);
});

test('the Brier score and the log loss are what their definitions give', () => {
  expect(brier(scored(1, 0))).toBe(0);
  expect(brier(scored(0.8, 0.4))).toBeCloseTo((0.04 + 0.16) / 2, 12);
  expect(logLoss(scored(0.8, 0.4))).toBeCloseTo(-(Math.log(0.8) + Math.log(0.6)) / 2, 12);
  expect(logLoss(scored(0, 1))).toBeGreaterThan(100);
});

test('the threshold lies where sensitivity and specificity are highest', () => {
  expect(youdenThreshold(scored(0.9, 0.1, 0.8, 0.2))).toBeGreaterThan(0.2);
  expect(youdenThreshold(scored(0.9, 0.1, 0.8, 0.2))).toBeLessThanOrEqual(0.8);
});
