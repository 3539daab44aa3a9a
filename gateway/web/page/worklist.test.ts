import { expect, test } from 'vitest';
import type { Job } from './job-operations.ts';
import type { Verdict } from './verdict.ts';
import {
  type Entry,
  isUnsent,
  progressOf,
  type Stage,
  stageOf,
  withoutRadiograph,
  worklistWords,
} from './worklist.ts';

const verdict: Verdict = {
  decision: 'NEGATIVE',
  indeterminateReason: null,
  threshold: 0.5,
  finding: { code: 'NORMAL', display: 'Normal', probability: 0.9 },
};
const job = (more: Partial<Job>): Job => ({
  state: 'QUEUED',
  progress: 0,
  error: null,
  radiograph: null,
  ...more,
});
const entry = (stage: Stage, key = 1): Entry => ({
  ...{ key, name: 'a.png', bytes: 1, patientId: null, priority: 'ROUTINE' },
  stage,
});

test('a job that has ended ends its file: read, failed or cancelled', () => {
  expect(stageOf('j', job({ state: 'RUNNING', progress: 0.4 }))).toMatchObject({
    at: 'underway',
    jobId: 'j',
  });
  const radiograph = { id: 'r', classification: verdict };
  expect(stageOf('j', job({ state: 'SUCCEEDED', radiograph }))).toEqual({
    at: 'read',
    radiographId: 'r',
    verdict,
  });
  const error = { code: 'MODEL_UNAVAILABLE', message: 'Away' };
  expect(stageOf('j', job({ state: 'FAILED', error }))).toEqual({ at: 'failed', fault: error });
  expect(stageOf('j', job({ state: 'CANCELLED' }))).toEqual({ at: 'cancelled' });
});

test('a radiograph that was deleted meanwhile is no reading', () => {
  expect(stageOf('j', job({ state: 'SUCCEEDED' }))).toMatchObject({ fault: { code: 'NOT_FOUND' } });
});

test('a radiograph that is deleted takes its file off the list, and no other', () => {
  const list = [
    entry({ at: 'read', radiographId: 'r', verdict }),
    entry({ at: 'read', radiographId: 's', verdict }, 2),
    entry({ at: 'waiting' }, 3),
  ];
  expect(withoutRadiograph(list, 'r')).toEqual(list.slice(1));
});

test('progress only grows from one stage to the next', () => {
  const stages: Stage[] = [
    { at: 'waiting' },
    { at: 'sending', share: 0.3 },
    { at: 'sending', share: 1 },
    { at: 'underway', jobId: 'j', job: { state: 'QUEUED', progress: 0, error: null } },
    { at: 'underway', jobId: 'j', job: { state: 'RUNNING', progress: 0.4, error: null } },
    { at: 'read', radiographId: 'r', verdict },
  ];
  expect(stages.map(progressOf)).toEqual([0, 0.15, 0.5, 0.5, 0.7, 1]);
});

test('the list in a sentence', () => {
  expect(worklistWords([])).toBe('');
  expect(worklistWords([entry({ at: 'waiting' })])).toBe('0 of 1 file read.');
  const fault = { code: 'INTERNAL', message: '' };
  const mixed = [entry({ at: 'cancelled' }), entry({ at: 'failed', fault }, 2), entry({ at: 'waiting' }, 3)];
  expect(worklistWords(mixed)).toBe('0 of 3 files read, 1 failed, 1 cancelled.');
});

test('what is sent again after a sign-in is not sent yet; what is refused for good, or is there, is', () => {
  const failed = (code: string) => entry({ at: 'failed', fault: { code, message: '' } });
  const unsent = [entry({ at: 'waiting' }), entry({ at: 'sending', share: 0.5 }), failed('UNAUTHENTICATED')];
  expect([...unsent, failed('OVERLOADED')].map(isUnsent)).toEqual([true, true, true, true]);
  expect([failed('UNSUPPORTED_IMAGE'), entry({ at: 'cancelled' })].map(isUnsent)).toEqual([false, false]);
});
