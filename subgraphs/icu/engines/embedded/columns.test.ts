import { expect, test } from 'vitest';
import type { TrainingCase } from '../../domain/cohort.ts';
import type { Scale } from '../../domain/observation-types.ts';
import { fitColumns, rowOf } from './columns.ts';

const caseOf = (features: Record<string, number>): TrainingCase => ({
  patient: 'x',
  features: new Map(Object.entries(features)),
  admitted: false,
});
const HUNDRED = Array.from({ length: 101 }, (_, i) => caseOf({ spo2: i }));
const columnsOf = (cases: readonly TrainingCase[], scale: Scale, ...informative: string[]) => {
  const codes = ['spo2', 'lactate', 'sex', 'fixed'];
  return fitColumns(
    cases,
    new Map(codes.map((code) => [code, { scale, informative: informative.includes(code) }])),
  );
};

test('on the scale of ranks a value is standardised whatever its unit and shape', () => {
  const bent = HUNDRED.map(({ features }) => caseOf({ spo2: Math.exp((features.get('spo2') ?? 0) / 10) }));
  const straight = columnsOf(HUNDRED, 'rank');
  const rows = HUNDRED.map(({ features }) => rowOf(features, straight)[0] ?? Number.NaN);
  expect(rows.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 9);
  expect(rows.reduce((sum, x) => sum + x * x, 0) / rows.length).toBeCloseTo(1, 9);
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  const columns = columnsOf(bent, 'rank');
  for (let i = 0; i <= 100; i += 10)
    expect(rowOf(bent[i]?.features ?? new Map(), columns)[0]).toBeCloseTo(rows[i] ?? Number.NaN, 1);
});

test('on the scale of ranks a value outside of what was seen counts as the outermost that was', () => {
  const columns = columnsOf(HUNDRED, 'rank');
  const at = (value: number) => rowOf(new Map([['spo2', value]]), columns)[0];
  expect(at(-1e9)).toBe(at(0));
  expect(at(1e9)).toBe(at(100));
  expect(at(55)).toBeGreaterThan(at(54) ?? 9);
});

test('a logarithmic column knows how many times a value is another, and takes nought', () => {
  const columns = columnsOf(
    [1, 10, 100].map((lactate) => caseOf({ lactate })),
    'logarithmic',
  );
  const [one = 9, ten = 9, hundred = 9, nought] = [1, 10, 100, 0].map(
    (lactate) => rowOf(new Map([['lactate', lactate]]), columns)[0],
  );
  expect(hundred - ten).toBeCloseTo(ten - one, 9);
  expect(nought).toBeLessThan(one);
  expect(Number.isFinite(nought)).toBe(true);
});

test('what is missing counts as average, and its absence as a column where it says something', () => {
  const cases = [caseOf({ spo2: 90 }), caseOf({ spo2: 98, lactate: 2 }), caseOf({ spo2: 94, lactate: 4 })];
  const columns = columnsOf(cases, 'logarithmic', 'lactate');
  expect(columns.map(({ code, scale }) => [code, scale])).toEqual([
    ['lactate', 'logarithmic'],
    ['lactate', 'absence'],
    ['spo2', 'logarithmic'],
  ]);
  const [value, absent, spo2] = rowOf(new Map(), columns);
  expect([value, spo2]).toEqual([0, 0]);
  expect(absent).toBeGreaterThan(0);
  expect(rowOf(new Map([['lactate', 3]]), columns)[1]).toBeLessThan(0);
});

test.each(['linear', 'rank'] as const)(
  '%s: yes or no stays so, and what never changes says nothing',
  (scale) => {
    const cases = Array.from({ length: 50 }, (_, i) => caseOf({ sex: i % 5 === 0 ? 1 : 0, fixed: 7 }));
    const columns = columnsOf(cases, scale, 'fixed');
    const rows = cases.map(({ features }) => rowOf(features, columns));
    expect(new Set(rows.map((row) => row.join())).size).toBe(2);
    expect(rows.flat().every(Number.isFinite)).toBe(true);
    const [value, absent] = rowOf(new Map([['fixed', 7]]), columns);
    expect([value, absent]).toEqual([0, 0]);
  },
);

test('without any case there is no column', () => {
  expect(columnsOf([], 'rank')).toEqual([]);
  expect(rowOf(new Map([['spo2', 90]]), [])).toEqual([]);
});
