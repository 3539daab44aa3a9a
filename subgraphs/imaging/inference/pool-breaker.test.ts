import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type PoolBreaker, poolBreaker } from './pool-breaker.ts';
import { type FaultKind, ServingFault } from './serving-fault.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A breaker over a pool whose health the test decides. */
function aBreaker() {
  const pool = { isHealthy: true, asked: 0 };
  const states: number[] = [];
  const breaker = poolBreaker(
    async () => {
      pool.asked += 1;
      return pool.isHealthy;
    },
    (state) => states.push(state),
  );
  return { pool, states, breaker };
}
const failing = (breaker: PoolBreaker, kind: FaultKind) =>
  breaker.run(() => Promise.reject(new ServingFault(kind, kind))).catch((error: ServingFault) => error.kind);
async function opened({ breaker }: { breaker: PoolBreaker }, kind: FaultKind = 'unreachable') {
  for (let i = 0; i < 3; i += 1) await failing(breaker, kind);
}

test.each<FaultKind>(['unreachable', 'late', 'broken'])(
  'three times %s in a row: nothing is sent',
  async (kind) => {
    const { states, breaker } = aBreaker();
    await opened({ breaker }, kind);
    expect(breaker.mayAsk()).toBe(false);
    const work = vi.fn();
    await expect(breaker.run(work)).rejects.toMatchObject({ kind: 'resting', code: 'MODEL_UNAVAILABLE' });
    expect(work).not.toHaveBeenCalled();
    expect(states).toEqual([0, 2]);
  },
);

test.each<FaultKind>(['full', 'absent', 'invalid'])('a pool that says %s is alive', async (kind) => {
  const { breaker } = aBreaker();
  for (let i = 0; i < 10; i += 1) expect(await failing(breaker, kind)).toBe(kind);
  expect(breaker.mayAsk()).toBe(true);
});

test('an answer in between begins the count anew', async () => {
  const { breaker } = aBreaker();
  for (let i = 0; i < 5; i += 1) {
    await failing(breaker, 'unreachable');
    await failing(breaker, 'unreachable');
    await breaker.run(async () => 'answer');
  }
  expect(breaker.mayAsk()).toBe(true);
});

test('it is asked how it is in pauses that double, and callers wait for none of it', async () => {
  const { pool, breaker } = aBreaker();
  pool.isHealthy = false;
  await opened({ breaker });
  const times = [];
  for (let ms = 0; ms < 20_000; ms += 100) {
    const before = pool.asked;
    await vi.advanceTimersByTimeAsync(100);
    if (pool.asked > before) times.push(ms + 100);
  }
  expect(times).toEqual([500, 1_500, 3_500, 7_500, 12_500, 17_500]);
  expect(breaker.mayAsk()).toBe(false);
});

test('once it is healthy one batch decides, and others are refused meanwhile', async () => {
  const { states, breaker } = aBreaker();
  await opened({ breaker });
  await vi.advanceTimersByTimeAsync(500);
  expect(breaker.mayAsk()).toBe(true);
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = breaker.run(() => promise);
  await expect(breaker.run(async () => 'second')).rejects.toMatchObject({ kind: 'resting' });
  resolve('first');
  expect(await first).toBe('first');
  expect(await breaker.run(async () => 'third')).toBe('third');
  expect(states).toEqual([0, 2, 1, 0]);
});

test('a pool that says it is well and fails is left alone for longer', async () => {
  const { pool, breaker } = aBreaker();
  await opened({ breaker });
  await vi.advanceTimersByTimeAsync(500);
  expect(await failing(breaker, 'late')).toBe('late');
  expect(breaker.mayAsk()).toBe(false);
  await vi.advanceTimersByTimeAsync(900);
  expect(pool.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(breaker.mayAsk()).toBe(true);
});

test('when it is put away it asks no more', async () => {
  const { pool, breaker } = aBreaker();
  await opened({ breaker });
  breaker[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(pool.asked).toBe(0);
});
