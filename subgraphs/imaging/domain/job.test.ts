import { expect, test } from 'vitest';
import { ERROR_CODES } from '#common/errors.ts';
import {
  hasEnded,
  type JobState,
  MAX_ATTEMPTS,
  MAX_ATTEMPTS_IN_OUTAGE,
  pauseBeforeRetry,
  type StoredJob,
} from './job.ts';

const inState = (state: JobState) => ({ state }) as StoredJob;

test('a job has ended when nothing will change it any more', () => {
  expect(['SUCCEEDED', 'FAILED', 'CANCELLED'].map((state) => hasEnded(inState(state as JobState)))).toEqual([
    true,
    true,
    true,
  ]);
  expect([hasEnded(inState('QUEUED')), hasEnded(inState('RUNNING'))]).toEqual([false, false]);
});

test('a fault that the next attempt would meet again is never tried again', () => {
  const lasting = ERROR_CODES.filter((code) => pauseBeforeRetry(code, 1, 0) === undefined);
  expect(lasting).toEqual(['BAD_USER_INPUT', 'UNSUPPORTED_IMAGE', 'FILE_TOO_LARGE', 'NOT_FOUND']);
});

test('the pauses double until the last attempt, after which there is none', () => {
  const attempts = Array.from({ length: MAX_ATTEMPTS + 1 }, (_, i) => i + 1);
  expect(attempts.map((attempt) => pauseBeforeRetry('MODEL_UNAVAILABLE', attempt, 0))).toEqual([
    250,
    500,
    1_000,
    2_000,
    4_000,
    undefined,
    undefined,
  ]);
});

test('chance spreads a pause over its second half', () => {
  expect(pauseBeforeRetry('INTERNAL', 3, 0)).toBe(1_000);
  expect(pauseBeforeRetry('INTERNAL', 3, 0.5)).toBe(1_500);
  expect(pauseBeforeRetry('INTERNAL', 3, 0.999)).toBeLessThan(2_000);
});

test('the attempts at what an outage holds up reach over a day, half a minute apart at most', () => {
  const pauses = Array.from(
    { length: MAX_ATTEMPTS_IN_OUTAGE - 1 },
    (_, i) => pauseBeforeRetry('MODEL_UNAVAILABLE', i + 1, 0.5, MAX_ATTEMPTS_IN_OUTAGE) ?? 0,
  );
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(pauses.reduce((sum, ms) => sum + ms) / 3_600_000).toBeGreaterThan(23);
});
