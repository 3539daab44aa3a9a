import { expect, test } from 'vitest';
import { type Batch, callQueue } from './call-queue.ts';

const never = new AbortController().signal;
const batch = (name: string): Batch => ({ type: 'uint8', dims: [1], bytes: Buffer.from(name) });
const done = { outputs: [], queueMs: 0, computeMs: 0 };

function started(queue: ReturnType<typeof callQueue>, most = 100): string[] {
  const names: string[] = [];
  for (
    let run = queue.next();
    run && names.length < most;
    run = names.length < most ? queue.next() : undefined
  )
    names.push(run.call.batch.bytes.toString());
  return names;
}

test('equal calls start in the order they came', () => {
  const queue = callQueue(100);
  for (const name of ['a', 'b', 'c']) void queue.add(batch(name), [2, 2], never);
  expect(started(queue).join('')).toBe('aabbcc');
});

test('a small call overtakes a huge one', () => {
  const queue = callQueue(100);
  void queue.add(batch('H'), [4, 4, 4, 4], never);
  expect(started(queue, 1)).toEqual(['H']);
  void queue.add(batch('s'), [1], never);
  expect(started(queue).join('')).toBe('sHHH');
});

test('a huge call is overtaken by no more images than it has itself', () => {
  const queue = callQueue(1_000);
  void queue.add(batch('H'), [4, 4, 4], never);
  const order: string[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    void queue.add(batch('s'), [1], never);
    order.push(...started(queue, 1));
  }
  expect(order.lastIndexOf('H')).toBeLessThanOrEqual(14);
  expect(order.filter((name) => name === 'H')).toHaveLength(3);
});

test('a call that finds the queue full is refused, and one that is aborted makes room', async () => {
  const queue = callQueue(4);
  const first = new AbortController();
  const dropped = queue.add(batch('a'), [2, 2], first.signal);
  await expect(queue.add(batch('b'), [1], never)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The batch scheduling queue to which this task was submitted is full',
  });
  first.abort();
  await expect(dropped).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(queue.images).toBe(0);
  void queue.add(batch('c'), [1], never);
  expect(started(queue)).toEqual(['c']);
});

test('a run that is queued again starts before what came later; one of a dropped call does not', async () => {
  const queue = callQueue(100);
  const aborted = new AbortController();
  const answer = queue.add(batch('a'), [1], never);
  const dropped = queue.add(batch('b'), [1], aborted.signal);
  const [first, second] = [queue.next(), queue.next()];
  void queue.add(batch('c'), [1], never);
  aborted.abort();
  await expect(dropped).rejects.toMatchObject({ code: 'CANCELLED' });
  if (!first || !second) throw new Error('Expected two runs');
  queue.again(first);
  queue.again(second);
  expect(queue.images).toBe(2);
  const retried = queue.next();
  expect(retried).toBe(first);
  expect(started(queue)).toEqual(['c']);
  queue.finish(first, done);
  expect(await answer).toEqual([done]);
});

test('what one run fails with, its call fails with; the rest of it is dropped', async () => {
  const queue = callQueue(100);
  const answer = queue.add(batch('a'), [1, 1, 1], never);
  const run = queue.next();
  if (!run) throw new Error('Expected a run');
  queue.fail(run, new (await import('./serving-error.ts')).ServingError('INTERNAL', 'x'));
  await expect(answer).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(queue.next()).toBeUndefined();
  expect(queue.images).toBe(0);
});
