import { once } from 'node:events';
import { expect, test } from 'vitest';
import { deadlineSignal, remainingMs } from './deadline.ts';

test('the signal aborts with DEADLINE_EXCEEDED when the time is up', async () => {
  const signal = deadlineSignal(5);
  expect(signal.aborted).toBe(false);
  // The timer of a deadline keeps no process alive; this test must stay until it fires.
  const stay = setInterval(() => undefined, 1_000);
  await once(signal, 'abort').finally(() => clearInterval(stay));
  expect(signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED', message: 'Not done within 5 ms' });
});

test('the signal aborts with the caller, for the caller’s reason', () => {
  const caller = new AbortController();
  const signal = deadlineSignal(60_000, caller.signal);
  expect(signal.aborted).toBe(false);
  caller.abort(new Error('gone'));
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ message: 'gone' });
});

test('the signal has aborted at once when the caller was gone before', () => {
  expect(deadlineSignal(60_000, AbortSignal.abort()).aborted).toBe(true);
});

test('the deadline counts though the caller stays', async () => {
  const stay = setInterval(() => undefined, 1_000);
  const signal = deadlineSignal(1, new AbortController().signal);
  await once(signal, 'abort').finally(() => clearInterval(stay));
  expect(signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test.each([
  ['250', 250],
  ['1', 1],
  ['0.5', 0.5],
  ['5000', 5_000],
])('a header of %s leaves %d ms', (header, ms) => {
  expect(remainingMs(header, 5_000)).toBe(ms);
});

test('no header leaves more than the service’s own limit', () => {
  for (const long of ['5001', '1e300', String(Number.MAX_SAFE_INTEGER)])
    expect(remainingMs(long, 5_000)).toBe(5_000);
});

test('a header that is absent or makes no sense leaves the service’s own limit', () => {
  for (const senseless of [undefined, '', ' ', '0', '-1', 'soon', 'NaN', 'Infinity', '-Infinity', '5, 5'])
    expect(remainingMs(senseless, 5_000)).toBe(5_000);
});
