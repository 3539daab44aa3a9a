import { afterEach, expect, test, vi } from 'vitest';
import type { JobState, StoredJob } from './job.ts';
import { type JobBell, jobBell, jobChanges } from './job-changes.ts';

/** One job that the test moves on; what is read is always its last state. */
function aJob() {
  const bell = jobBell();
  let listeners = 0;
  const counted: JobBell = {
    ring: bell.ring,
    listen(id, wake) {
      const unlisten = bell.listen(id, wake);
      listeners += 1;
      return () => {
        listeners -= 1;
        unlisten();
      };
    },
  };
  let job = { id: 'j1', state: 'QUEUED', version: 1 } as StoredJob;
  const silently = (state: JobState) => {
    job = { ...job, state, version: job.version + 1 };
  };
  return {
    silently,
    becomes(state: JobState) {
      silently(state);
      bell.ring('j1');
    },
    changes: (read = async (id: string) => (id === 'j1' ? job : undefined), id = 'j1') =>
      jobChanges(id, counted, read),
    listeners: () => listeners,
  };
}

test('who has ended to listen and says so again takes nobody’s wake-up', () => {
  const bell = jobBell();
  const unlisten = bell.listen('j1', () => undefined);
  unlisten();
  let rung = 0;
  bell.listen('j1', () => {
    rung += 1;
  });
  unlisten();
  bell.ring('j1');
  expect(rung).toBe(1);
});

const states = async (changes: AsyncIterable<StoredJob>) => {
  const seen: string[] = [];
  for await (const { state } of changes) seen.push(state);
  return seen;
};
const stateOf = ({ value }: IteratorResult<StoredJob>) => value?.state;

afterEach(() => {
  vi.useRealTimers();
});

test('a late reader sees the final state, and no more', async () => {
  const job = aJob();
  job.becomes('RUNNING');
  job.becomes('FAILED');
  expect(await states(job.changes())).toEqual(['FAILED']);
  expect(job.listeners()).toBe(0);
});

test('a reader that keeps up sees every state', async () => {
  const job = aJob();
  const changes = job.changes();
  const seen = [stateOf(await changes.next())];
  for (const state of ['RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED'] as const) {
    const next = changes.next();
    job.becomes(state);
    seen.push(stateOf(await next));
  }
  expect(seen).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
  expect(await changes.next()).toEqual({ done: true, value: undefined });
});

test('a slow reader skips states and never sees one twice', async () => {
  const job = aJob();
  const changes = job.changes();
  await changes.next();
  for (const state of ['RUNNING', 'QUEUED', 'RUNNING'] as const) job.becomes(state);
  expect(stateOf(await changes.next())).toBe('RUNNING');
  job.becomes('SUCCEEDED');
  expect(await states(changes)).toEqual(['SUCCEEDED']);
});

test('a change that comes while the job is being read is not lost', async () => {
  const job = aJob();
  const changes = job.changes(async () => {
    const before = { id: 'j1', state: 'RUNNING', version: 2 } as StoredJob;
    if (reads++ > 0) return { ...before, state: 'SUCCEEDED', version: 3 };
    job.becomes('SUCCEEDED');
    return before;
  });
  let reads = 0;
  expect(await states(changes)).toEqual(['RUNNING', 'SUCCEEDED']);
});

test('return() ends a next() that is waiting', async () => {
  const job = aJob();
  const changes = job.changes();
  await changes.next();
  const waiting = changes.next();
  expect(await changes.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(job.listeners()).toBe(0);
});

test('leaving the loop removes the listener', async () => {
  const job = aJob();
  const changes = job.changes();
  expect(job.listeners()).toBe(1);
  for await (const _first of changes) break;
  expect(job.listeners()).toBe(0);
});

test('an unknown job is NOT_FOUND, and the stream is over', async () => {
  const job = aJob();
  const changes = job.changes(undefined, 'nobody');
  await expect(changes.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await changes.next()).toEqual({ done: true, value: undefined });
  expect(job.listeners()).toBe(0);
});

test('a store that cannot be read ends the stream with its fault', async () => {
  const job = aJob();
  const changes = job.changes(() => Promise.reject(new Error('the disk is gone')));
  await expect(changes.next()).rejects.toThrow('the disk is gone');
  expect(await changes.next()).toEqual({ done: true, value: undefined });
  expect(job.listeners()).toBe(0);
});

test('a change for which nobody rang is found within five seconds', async () => {
  vi.useFakeTimers();
  const job = aJob();
  const changes = job.changes();
  await changes.next();
  const next = changes.next();
  job.silently('SUCCEEDED');
  await vi.advanceTimersByTimeAsync(4_999);
  expect(job.listeners()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(stateOf(await next)).toBe('SUCCEEDED');
  expect(vi.getTimerCount()).toBe(0);
});

test('a ring wakes those who wait for this job, and nobody else', () => {
  const bell = jobBell();
  const woken: string[] = [];
  const [first] = ['a', 'b'].map((name) => bell.listen('j1', () => woken.push(name)));
  bell.listen('j2', () => woken.push('other'));
  bell.ring('j1');
  first?.();
  bell.ring('j1');
  expect(woken).toEqual(['a', 'b', 'b']);
  bell.ring();
  expect(woken).toEqual(['a', 'b', 'b', 'b', 'other']);
});
