import { expect, test } from 'vitest';
import { OBSERVATION_TYPE_BY_CODE, type ObservationType } from './observation-types.ts';
import { observedSpan as spanOf } from './observed-span.ts';

const TYPES = new Map<string, Pick<ObservationType, 'lasting'>>([
  ...OBSERVATION_TYPE_BY_CODE,
  ['copd', { lasting: true }],
  ['il6', {}],
]);
const observedSpan = (newest: Parameters<typeof spanOf>[0]) => spanOf(newest, TYPES);
const HOUR = 3_600_000;
const ARRIVAL = Date.UTC(2026, 0, 1, 10);
const seen = (code: string, hours: number) => ({ code, value: 1, observedAt: ARRIVAL + hours * HOUR });

test.each([
  ['at once', 0, '0-1 h'],
  ['within an hour and a half', 1.5, '0-2 h'],
  ['within two days', 48, '0-48 h'],
])('values of one stay have a window of hours: %s', (_name, hours, window) => {
  expect(observedSpan([seen('spo2', hours), seen('heart_rate', 0)])).toEqual({
    ...{ from: ARRIVAL, until: ARRIVAL + hours * HOUR, window, caution: null },
  });
});

test('values that are further apart have dates, and a caution that says how far', () => {
  const span = observedSpan([seen('spo2', 331 * 24 + 5), seen('heart_rate', 0)]);
  expect(span?.window).toBe('2026-01-01 to 2026-11-28');
  expect(span?.caution).toContain(
    'The oldest value is 331 days older than the newest: they are not of one stay',
  );
  expect(observedSpan([seen('spo2', 48.1), seen('heart_rate', 0)])?.caution).toContain('2 days older');
  expect(observedSpan([seen('spo2', 71.5), seen('heart_rate', 0)])?.caution).toContain('2 days older');
});

test('what holds for years is not too old', () => {
  expect(observedSpan([seen('spo2', 9_000), seen('age', 0), seen('diabetes', 1)])?.window).toBe('0-1 h');
  expect(observedSpan([seen('age', 0)])?.window).toBe('0-1 h');
  expect(observedSpan([seen('age', 9_600), seen('diabetes', 0)])?.caution).toBeNull();
  expect(observedSpan([seen('spo2', 9_000), seen('copd', 0)])?.caution).toBeNull();
  expect(observedSpan([seen('spo2', 9_000), seen('il6', 0)])?.caution).toContain('375 days older');
});

test('nothing has no span', () => {
  expect(observedSpan([])).toBeNull();
});
