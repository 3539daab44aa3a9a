import { expect, test } from 'vitest';
import { summarise } from './attempt.ts';
import { closedLoop, upTo } from './closed-loop.ts';
import { evenly, openLoop } from './open-loop.ts';

test('arrivals do not wait for the work before them', async () => {
  let open = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const work = async () => {
    open += 1;
    most = Math.max(most, open);
    if (open === 5) for (const go of release) go();
    else await new Promise<void>((resolve) => release.push(resolve));
    open -= 1;
  };
  const attempts = await openLoop(5, Number.POSITIVE_INFINITY, work);
  expect([most, attempts.length]).toEqual([5, 5]);
});

test('the rate of arrivals is the one asked for', async () => {
  const started: number[] = [];
  await openLoop(50, 1_000, async () => void started.push(performance.now()), evenly);
  // An even 1 ms apart by the constant random number; the clock of a busy machine may only be later.
  expect((started.at(-1) ?? 0) - (started[0] ?? 0)).toBeGreaterThan(45);
});

test('clients of a closed loop do all pieces once, each one at a time', async () => {
  const done: number[] = [];
  let open = 0;
  let most = 0;
  const attempts = await closedLoop(3, upTo(20), async (index) => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open -= 1;
    done.push(index);
    if (index === 7) throw Object.assign(new Error('no'), { code: 'OVERLOADED' });
  });
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
  expect(summarise(attempts, 1).faults).toEqual({ OVERLOADED: 1 });
});

test('a summary has nearest-rank percentiles of what succeeded, and faults by code', () => {
  const attempts = Array.from({ length: 100 }, (_, i) => ({ began: 0, ms: 100 - i }));
  const faulty = [
    ...attempts,
    { began: 0, ms: 9_999, fault: 'OVERLOADED' },
    { began: 0, ms: 1, fault: 'OVERLOADED' },
  ];
  expect(summarise(faulty, 2)).toEqual({
    count: 102,
    faults: { OVERLOADED: 2 },
    perSecond: 50,
    p50: 50,
    p95: 95,
    p99: 99,
    max: 100,
  });
  expect(summarise([], 1)).toMatchObject({ count: 0, p50: 0, faults: {} });
});
