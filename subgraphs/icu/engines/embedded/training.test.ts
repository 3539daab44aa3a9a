import { expect, test } from 'vitest';
import type { TrainingCase } from '../../domain/cohort.ts';
import type { Features } from '../../domain/icu-model.ts';
import { OBSERVATION_TYPE_BY_CODE, OBSERVATION_TYPES } from '../../domain/observation-types.ts';
import { seededRandom } from '../../domain/random.ts';
import { syntheticCases } from '../../domain/synthetic-cohort.ts';
import { assess } from './assessment.ts';
import { crossValidate } from './cross-validation.ts';
import { auroc, brier } from './metrics.ts';
import { probabilityOf, trainModel } from './training.ts';

const train = (cases: readonly TrainingCase[], seed = 7) => trainModel(cases, OBSERVATION_TYPE_BY_CODE, seed);
const CASES = syntheticCases(1_500, 7);
const MODEL = train(CASES);
const version = { name: 'icu_admission', version: '1', digest: null, engine: 'test', threshold: 0.5 };
const assessed = (features: Features) => assess(features, { version, trained: MODEL });

test('the same cases and seed give the same model, other cases another', () => {
  expect(train(syntheticCases(1_500, 7))).toEqual(MODEL);
  expect(MODEL.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(train(syntheticCases(1_500, 8)).digest).not.toBe(MODEL.digest);
});

test.each([7, 8])('seed %i: what cross-validation promises is what unseen patients show', (seed) => {
  const { metrics, threshold, ...model } = train(syntheticCases(1_500, seed));
  const unseen = syntheticCases(4_000, seed + 90).map(({ features, admitted }) => ({
    probability: probabilityOf(features, { ...model, metrics, threshold }),
    admitted,
  }));
  expect(metrics.cases).toBe(1_500);
  expect(metrics.auroc).toBeGreaterThan(0.77);
  expect(Math.abs(auroc(unseen) - metrics.auroc)).toBeLessThan(0.03);
  expect(Math.abs(brier(unseen) - metrics.brier)).toBeLessThan(0.01);
  const rate = unseen.filter(({ admitted }) => admitted).length / unseen.length;
  expect(brier(unseen)).toBeLessThan(0.85 * rate * (1 - rate));
  expect(threshold).toBeGreaterThan(0.05);
  expect(threshold).toBeLessThan(0.6);
});

test.each([
  ['large', 1_500],
  ['small', 150],
])(
  'after a %s cohort its probabilities are calibrated: of those with one half, one half is admitted',
  (_size, count) => {
    const model = train(syntheticCases(count, 7));
    const unseen = syntheticCases(4_000, 99).map(({ features, admitted }) => ({
      probability: probabilityOf(features, model),
      admitted,
    }));
    for (const [low, high] of [
      [0, 0.1],
      [0.1, 0.3],
      [0.3, 0.6],
      [0.6, 1],
    ] as const) {
      const group = unseen.filter(({ probability }) => probability >= low && probability < high);
      expect(group.length).toBeGreaterThan(100);
      const expected = group.reduce((sum, { probability }) => sum + probability, 0) / group.length;
      const actual = group.filter(({ admitted }) => admitted).length / group.length;
      expect(Math.abs(actual - expected)).toBeLessThan(count < 1_000 ? 0.15 : 0.08);
    }
  },
);

test('where the outcome follows from nothing, nobody is told apart', () => {
  const random = seededRandom(5);
  const cases = syntheticCases(400, 7).map((one) => ({ ...one, admitted: random.chance(0.3) }));
  const model = train(cases);
  for (const { features } of syntheticCases(200, 8)) {
    const probability = probabilityOf(features, model);
    expect(Math.abs(probability - 0.3)).toBeLessThan(0.15);
  }
});

test('a case is assessed in cross-validation by models that know neither its outcome nor its values', () => {
  const cases = syntheticCases(100, 3);
  const runs = { repeats: 1, seed: 1 };
  const [before = []] = crossValidate(cases, OBSERVATION_TYPE_BY_CODE, [10], runs);
  const strange = cases.map((one, i) => (i === 0 ? { ...one, features: new Map([['spo2', 1e6]]) } : one));
  const [after = []] = crossValidate(strange, OBSERVATION_TYPE_BY_CODE, [10], runs);
  // The fold of the changed case has not seen it, so the other nineteen in it are assessed as before.
  const same = after.filter(({ logOdds }, i) => logOdds === before[i]?.logOdds);
  expect(same).toHaveLength(19);
  expect(before.filter(({ admitted }) => admitted)).toHaveLength(
    cases.filter(({ admitted }) => admitted).length,
  );
});

test('too few patients of one outcome are refused, with their count', () => {
  const few = [
    ...CASES.filter(({ admitted }) => admitted).slice(0, 9),
    ...CASES.filter((one) => !one.admitted),
  ];
  expect(() => train(few)).toThrow(
    /^Expected 10 patients or more of each outcome, got 9 admitted and \d+ others$/,
  );
  expect(() => train([])).toThrow('got 0 admitted and 0 others');
});

test('a patient of whom nothing, or the most extreme, is known gets a risk between 0 and 1', () => {
  const extreme = (which: 'minimum' | 'maximum') =>
    new Map(OBSERVATION_TYPES.map((type) => [type.code, type[which]]));
  for (const features of [new Map(), extreme('minimum'), extreme('maximum')]) {
    const { probability, reasons } = assessed(features);
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1);
    expect(reasons.every(({ contribution }) => Number.isFinite(contribution))).toBe(true);
  }
});

test('less oxygen, faster breathing and more lactate raise the risk, and say so', () => {
  const average = { spo2: 95, respiratory_rate: 19, lactate: 1.5 };
  const base = assessed(new Map(Object.entries(average)));
  for (const worse of [{ spo2: 80 }, { respiratory_rate: 35 }, { lactate: 8 }]) {
    const { probability, reasons } = assessed(new Map(Object.entries({ ...average, ...worse })));
    expect(probability).toBeGreaterThan(base.probability);
    const [code] = Object.keys(worse);
    expect(reasons.find((reason) => reason.code === code)?.contribution).toBeGreaterThan(0);
  }
});

test('contributions of all columns and the intercept are the log-odds', () => {
  const cases = syntheticCases(60, 7).map(({ patient, features, admitted }) => ({
    patient,
    features: new Map([...features].filter(([code]) => ['spo2', 'age', 'lactate'].includes(code))),
    admitted,
  }));
  const trained = train(cases);
  for (const { features } of cases) {
    const { probability, reasons } = assess(features, { version, trained });
    const logOdds = reasons.reduce((sum, { contribution }) => sum + contribution, trained.intercept);
    expect(Math.log(probability / (1 - probability))).toBeCloseTo(logOdds, 9);
  }
});
