import { expect, test } from 'vitest';
import { OBSERVATION_TYPE_BY_CODE } from './observation-types.ts';
import { syntheticCohort } from './synthetic-cohort.ts';

const COHORT = syntheticCohort(2_000, 11);
const ALWAYS = [
  ...['age', 'sex', 'hypertension', 'diabetes', 'immunocompromised', 'heart_rate', 'respiratory_rate'],
  ...['spo2', 'temperature', 'systolic_bp', 'diastolic_bp'],
];
const YES_OR_NO = ['sex', 'hypertension', 'diabetes', 'immunocompromised'];
const TWO_HOURS = 2 * 60 * 60_000;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const valuesOf = (code: string, among = COHORT) =>
  among.flatMap(({ observations }) => observations.flatMap((one) => (one.code === code ? one.value : [])));
const admitted = COHORT.filter((one) => one.admitted);
const others = COHORT.filter((one) => !one.admitted);

test('the same seed gives the same cohort, another seed another', () => {
  expect(syntheticCohort(200, 2020)).toEqual(syntheticCohort(200, 2020));
  expect(syntheticCohort(200, 2021)).not.toEqual(syntheticCohort(200, 2020));
});

test('a larger cohort begins with the smaller one of its seed', () => {
  expect(syntheticCohort(200, 2020).slice(0, 20)).toEqual(syntheticCohort(20, 2020));
});

test('ids count from 1', () => {
  expect(syntheticCohort(200, 1).map(({ id }) => id)).toEqual(
    Array.from({ length: 200 }, (_, i) => String(i + 1)),
  );
  expect(syntheticCohort(0, 1)).toEqual([]);
});

test('every value is of a known kind, in the range that is taken, and no kind comes twice', () => {
  for (const { id, observations } of COHORT) {
    const codes = observations.map(({ code }) => code);
    expect(new Set(codes).size, `patient ${id}`).toBe(codes.length);
    expect(codes).toEqual(expect.arrayContaining(ALWAYS));
    for (const { code, value } of observations) {
      const { minimum, maximum } = OBSERVATION_TYPE_BY_CODE.get(code) ?? { minimum: NaN, maximum: NaN };
      expect(value, `${code} of patient ${id}`).toBeGreaterThanOrEqual(minimum);
      expect(value, `${code} of patient ${id}`).toBeLessThanOrEqual(maximum);
    }
  }
  for (const code of YES_OR_NO) expect(new Set(valuesOf(code))).toEqual(new Set([0, 1]));
});

test('all values of a patient were measured within two hours', () => {
  for (const { observations } of COHORT) {
    const times = observations.map(({ observedAt }) => observedAt);
    expect(times.every(Number.isInteger)).toBe(true);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(TWO_HOURS);
  }
});

test('on average the cohort is like the patients of a chest ward', () => {
  const between = (code: string, low: number, high: number) => {
    expect(mean(valuesOf(code)), code).toBeGreaterThan(low);
    expect(mean(valuesOf(code)), code).toBeLessThan(high);
  };
  between('age', 54, 62);
  between('heart_rate', 80, 95);
  between('respiratory_rate', 17, 22);
  between('spo2', 92, 97);
  between('temperature', 36.8, 38);
  between('systolic_bp', 115, 140);
  between('lactate', 0.9, 2.5);
});

test('about one in four is admitted later', () => {
  expect(admitted.length / COHORT.length).toBeGreaterThan(0.18);
  expect(admitted.length / COHORT.length).toBeLessThan(0.3);
});

test('those who are admitted were the more severely ill', () => {
  const sooner = (code: string) => mean(valuesOf(code, admitted)) - mean(valuesOf(code, others));
  for (const code of ['age', 'heart_rate', 'respiratory_rate', 'crp', 'lactate', 'd_dimer'])
    expect(sooner(code), code).toBeGreaterThan(0);
  for (const code of ['spo2', 'systolic_bp', 'lymphocytes']) expect(sooner(code), code).toBeLessThan(0);
});

test('lactate and D-dimer are measured more often in those who are admitted, and not in all', () => {
  for (const code of ['lactate', 'd_dimer']) {
    const share = (among: typeof COHORT) => valuesOf(code, among).length / among.length;
    expect(share(admitted)).toBeGreaterThan(share(others) + 0.1);
    expect(share(admitted)).toBeLessThan(1);
    expect(share(others)).toBeGreaterThan(0.1);
  }
});
