import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  numbers,
  type SlowServing,
  slowAnswer,
  slowRequest,
  startSlowServing,
} from './testing/slow-serving.ts';

const [CANCELLED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE] = [1, 4, 13, 14];
const LONG = { timeout: 10_000, interval: 10 };

const workers: Worker[] = [];
const note = (worker: Worker) => workers.push(worker);
let serving: SlowServing;
beforeEach(async () => {
  process.on('worker', note);
  serving = await startSlowServing({ queueLimit: 64 });
});
afterEach(async () => {
  process.off('worker', note);
  workers.length = 0;
  await serving[Symbol.asyncDispose]();
});

const outcome = (answer: Promise<unknown>) =>
  answer.then(
    () => 'answered',
    ({ code, details }: { code: number; details: string }) => ({ code, details }),
  );
const running = () =>
  vi.waitFor(async () => expect(await serving.metric('serving_running_images')).toBeGreaterThan(0), LONG);

test('a full queue refuses in the words of TensorFlow Serving, and goes on with what it has', async () => {
  const long = [1, 2].map(() => serving.client.predict(slowRequest(numbers(64))));
  await vi.waitFor(
    async () => expect(await serving.metric('serving_queued_images')).toBeGreaterThan(64),
    LONG,
  );
  expect(await outcome(serving.client.predict(slowRequest([1])))).toEqual({
    code: UNAVAILABLE,
    details: 'The batch scheduling queue to which this task was submitted is full',
  });
  for (const answer of await Promise.all(long)) expect(slowAnswer(answer)).toEqual(numbers(64));
  expect(slowAnswer(await serving.client.predict(slowRequest([7])))).toEqual([7]);
  expect(await serving.metric('serving_rejected_total', 'model="slow",version="1",reason="queue_full"')).toBe(
    1,
  );
});

test('what waits beyond its deadline, or is cancelled, is dropped before it costs a run', async () => {
  const first = serving.client.predict(slowRequest(numbers(60)));
  await running();
  const cancel = new AbortController();
  const late = outcome(serving.client.predict(slowRequest(numbers(9)), { deadlineMs: 30 }));
  const cancelled = outcome(serving.client.predict(slowRequest(numbers(9)), { signal: cancel.signal }));
  cancel.abort();
  expect(await late).toMatchObject({ code: DEADLINE_EXCEEDED });
  expect(await cancelled).toMatchObject({ code: CANCELLED });
  await first;
  await serving.client.predict(slowRequest([1]));
  // Thirty runs for the first call, one for the last.
  expect(await serving.metric('serving_compute_seconds_count')).toBe(31);
  expect(await serving.metric('serving_queued_images')).toBe(0);
});

test('a huge batch does not hold up a small one', async () => {
  const order: string[] = [];
  const huge = serving.client.predict(slowRequest(numbers(40))).then(() => order.push('huge'));
  await running();
  const small = serving.client.predict(slowRequest([1])).then(() => order.push('small'));
  await Promise.all([huge, small]);
  expect(order).toEqual(['small', 'huge']);
});

// A thread that gets no task dies of it, after the run that it is at.
const kill = (worker: Worker) => worker.postMessage(null);

/** Behind the first run that it gets: the next one, at the latest, is lost with it, however fast the machine is. */
function killBehindFirstRun(worker = workers[0] as Worker) {
  const post = worker.postMessage.bind(worker);
  vi.spyOn(worker, 'postMessage').mockImplementationOnce((task) => {
    post(task);
    post(null);
  });
}

test('a thread that dies is replaced, and its run is tried once more', async () => {
  killBehindFirstRun();
  expect(slowAnswer(await serving.client.predict(slowRequest(numbers(40))))).toEqual(numbers(40));
  expect(workers).toHaveLength(2);
});

test('a run that loses two threads is given up, and the next call is answered', async () => {
  process.once('worker', kill);
  killBehindFirstRun();
  expect(await outcome(serving.client.predict(slowRequest(numbers(40))))).toEqual({
    code: INTERNAL,
    details: 'The session thread died',
  });
  expect(slowAnswer(await serving.client.predict(slowRequest([5])))).toEqual([5]);
  expect(workers).toHaveLength(3);
});

test('a batch is split over idle threads and joined in its order', async () => {
  await using two = await startSlowServing({ workers: 2 });
  const pair = two.client.predict(slowRequest([1, 2]));
  await vi.waitFor(async () => expect(await two.metric('serving_running_images')).toBe(2), LONG);
  expect(await two.metric('serving_queued_images')).toBe(0);
  expect(slowAnswer(await pair)).toEqual([1, 2]);
  expect(await two.metric('serving_compute_seconds_count')).toBe(2);
  expect(slowAnswer(await two.client.predict(slowRequest(numbers(9))))).toEqual(numbers(9));
  expect(await two.metric('serving_compute_seconds_count')).toBe(8);
  expect(await two.metric('serving_batch_size_sum', 'model="slow"')).toBe(11);
});
