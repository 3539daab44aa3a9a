import { expect, test } from 'vitest';
import type { Verdict } from './verdict.ts';
import {
  faultWords,
  fileSize,
  jobWords,
  measured,
  percent,
  signed,
  unreadWords,
  verdictBrief,
  verdictReason,
  verdictTitle,
} from './words.ts';

const verdict = (more: Partial<Verdict>): Verdict => ({
  decision: 'POSITIVE',
  indeterminateReason: null,
  threshold: 0.61,
  finding: { code: 'COVID19', display: 'COVID-19', probability: 0.92 },
  ...more,
});

test.each<[Verdict, string, string, RegExp]>([
  [
    verdict({}),
    'Positive: COVID-19',
    'Positive · COVID-19 92.0\u00a0%',
    /92\.0\u00a0% for COVID-19.*reaches.*61\.0/,
  ],
  [
    verdict({ decision: 'NEGATIVE', finding: { code: 'NORMAL', display: 'Normal', probability: 0.9 } }),
    'Negative: no disease found',
    'Negative · Normal 90.0\u00a0%',
    /can miss/,
  ],
  [
    verdict({ decision: 'INDETERMINATE', indeterminateReason: 'BELOW_THRESHOLD', threshold: 0.95 }),
    'Undecided',
    'Undecided',
    /below its threshold of 95\.0/,
  ],
  [
    verdict({ decision: 'INDETERMINATE', indeterminateReason: 'OUT_OF_DISTRIBUTION' }),
    'Undecided',
    'Undecided',
    /^(?!.*%).*mean nothing/,
  ],
])('a decision in words: %#', (given, title, brief, reason) => {
  expect(verdictTitle(given)).toBe(title);
  expect(verdictBrief(given)).toBe(brief);
  expect(verdictReason(given)).toMatch(reason);
});

test('numbers stay beside their unit, and a minus is a minus', () => {
  expect(percent(0.12345)).toBe('12.3\u00a0%');
  expect([signed(0.5), signed(-0.604)]).toEqual(['+0.50', '\u22120.60']);
  expect([fileSize(12), fileSize(2048), fileSize(3 * 1024 * 1024)]).toEqual([
    '12\u00a0B',
    '2\u00a0kB',
    '3.0\u00a0MB',
  ]);
  expect(measured(88, 'mm[Hg]')).toBe('88\u00a0mmHg');
  expect(measured(1.2345)).toBe('1.23');
  expect(measured(null, '/min')).toBe('not measured');
});

test('how far a job is', () => {
  const running = { state: 'RUNNING', error: null } as const;
  expect(jobWords({ ...running, state: 'QUEUED', progress: 0 })).toBe('Waiting for the model');
  expect(jobWords({ ...running, progress: 0.1 })).toBe('Preparing the picture');
  expect(jobWords({ ...running, progress: 0.4 })).toBe('The model reads it');
  const error = { code: 'MODEL_UNAVAILABLE', message: 'Away' };
  expect(jobWords({ ...running, progress: 0.4, error })).toMatch(/^The model cannot be reached/);
});

test('why there is no reading', () => {
  const error = { code: 'MODEL_UNAVAILABLE', message: 'Away' };
  const job = { state: 'FAILED', progress: 1, error } as const;
  expect(unreadWords(job)).toEqual({
    title: 'Not read: the model cannot be reached',
    detail: 'The radiograph was not read. Try again when the model is back.',
  });
  expect(unreadWords({ ...job, state: 'CANCELLED', error: null }).title).toBe('Not read: cancelled');
  const waiting = unreadWords({ ...job, state: 'QUEUED', progress: 0 });
  expect(waiting.title).toBe('Not read yet');
  expect(waiting.detail).toMatch(
    /^The model cannot be reached: it is tried again by itself\. This page looks/,
  );
  expect(unreadWords(null).title).toBe('Not read yet');
});

test('a refusal keeps its reason, a code that is not known says what came', () => {
  const message = 'Expected a radiograph of the chest, got one of another body part';
  expect(faultWords({ code: 'UNSUPPORTED_IMAGE', message })).toEqual({
    title: 'This file cannot be read',
    detail: `${message}.`,
  });
  expect(faultWords({ code: 'NEW_CODE', message: 'No.' })).toEqual({
    title: 'Something went wrong',
    detail: 'No.',
  });
});
