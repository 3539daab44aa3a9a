import { expect, test } from 'vitest';
import { singleFlight } from './single-flight.ts';

const never = new AbortController().signal;
const message = (error: Error) => error.message;

/** Work that the test ends; each time it begins it is listed with its signal. */
function aWork() {
  const begun: { signal: AbortSignal; end: (value: string) => void; fail: (error: Error) => void }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<string>((end, fail) => {
      begun.push({ signal, end, fail });
    });
  return { begun, work };
}

test('the same work wanted twice is done once, other work beside it', async () => {
  const flight = singleFlight<string>();
  const { begun, work } = aWork();
  const answers = [flight('a', never, work), flight('a', never, work), flight('b', never, work)];
  expect(begun).toHaveLength(2);
  begun[0]?.end('A');
  begun[1]?.end('B');
  expect(await Promise.all(answers)).toEqual(['A', 'A', 'B']);
});

test('one who leaves is told at once, and the work goes on for the other', async () => {
  const flight = singleFlight<string>();
  const { begun, work } = aWork();
  const leaving = new AbortController();
  const [first, second] = [flight('a', leaving.signal, work), flight('a', never, work)];
  leaving.abort(new Error('gone'));
  expect(await first.catch(message)).toBe('gone');
  expect(begun[0]?.signal.aborted).toBe(false);
  begun[0]?.end('A');
  expect(await second).toBe('A');
});

test('when all have left the work is told, and the next one begins anew', async () => {
  const flight = singleFlight<string>();
  const { begun, work } = aWork();
  const leaving = new AbortController();
  const left = [flight('a', leaving.signal, work), flight('a', leaving.signal, work)];
  leaving.abort(new Error('gone'));
  expect(await Promise.all(left.map((one) => one.catch(message)))).toEqual(['gone', 'gone']);
  expect(begun[0]?.signal.aborted).toBe(true);
  const next = flight('a', never, work);
  // The abandoned work ends late: it must not end what began after it.
  begun[0]?.fail(new Error('abandoned'));
  await Promise.resolve();
  const joined = flight('a', never, work);
  begun[1]?.end('A');
  expect(await Promise.all([next, joined])).toEqual(['A', 'A']);
  expect(begun).toHaveLength(2);
});

test('a failure is told to all and not remembered', async () => {
  const flight = singleFlight<string>();
  const { begun, work } = aWork();
  const both = [flight('a', never, work), flight('a', never, work)];
  begun[0]?.fail(new Error('fell'));
  expect(await Promise.all(both.map((one) => one.catch(message)))).toEqual(['fell', 'fell']);
  const again = flight('a', never, work);
  begun[1]?.end('A');
  expect(await again).toBe('A');
});

test('one who comes aborted begins nothing', async () => {
  const { begun, work } = aWork();
  const gone = AbortSignal.abort(new Error('gone'));
  expect(await singleFlight<string>()('a', gone, work).catch(message)).toBe('gone');
  expect(begun).toEqual([]);
});
