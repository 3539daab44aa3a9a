import { expect, test } from 'vitest';
import { startFaultServing } from '../testing/fault-serving.ts';
import { aPool, grey, never } from '../testing/predict-answers.ts';
import { type Infer, inferenceClient } from './inference-client.ts';

const wanted = (value: number) => ({ grey: grey(value), signal: never });
const firstProbability = (value: number) => value / 256;

/** Callers that each ask again as soon as they are answered, `rounds` times. */
async function closedLoop(infer: Infer, callers: number, rounds: number): Promise<(Error | string)[]> {
  const outcomes = Array.from({ length: callers }, async (_, caller) => {
    const seen: (Error | string)[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const value = (caller * rounds + round) % 256;
      const outcome = await infer(wanted(value)).then(
        ({ probabilities, pool }) => (probabilities[0] === firstProbability(value) ? pool : 'swapped'),
        (error: Error) => error,
      );
      seen.push(outcome);
    }
    return seen;
  });
  return (await Promise.all(outcomes)).flat();
}

test('batches grow under load and are single pictures without it', async () => {
  await using serving = await startFaultServing({ serviceMs: 30 });
  using gpu = aPool({ name: 'gpu', address: serving.address, slots: 1, maxBatch: 16 });
  const infer = inferenceClient([gpu]);
  for (let i = 0; i < 5; i += 1) await infer(wanted(i));
  expect(serving.calls.map(({ size }) => size)).toEqual([1, 1, 1, 1, 1]);
  serving.calls.length = 0;
  const outcomes = await closedLoop(infer, 32, 8);
  expect(new Set(outcomes)).toEqual(new Set(['gpu']));
  const sizes = serving.calls.map(({ size }) => size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(16);
  expect(outcomes.length / sizes.length).toBeGreaterThanOrEqual(4);
  const text = await gpu.registry.metrics();
  expect(text).toContain(`inference_batch_size_sum{pool="gpu"} ${outcomes.length + 5}`);
  expect(text).toContain('inference_in_flight{pool="gpu"} 0');
  expect(text).toContain('inference_queue_depth{pool="gpu"} 0');
});

test('a request of more than 1 MiB is sent again when its server goes away', async () => {
  await using serving = await startFaultServing({ unavailable: 1 });
  using gpu = aPool({ name: 'gpu', address: serving.address, slots: 1, maxBatch: 16 });
  const infer = inferenceClient([gpu]);
  const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => infer(wanted(i))));
  expect(answers.map(({ probabilities }) => probabilities[0])).toEqual(
    Array.from({ length: 16 }, (_, i) => firstProbability(i)),
  );
  // Sixteen pictures are 3 MiB; both calls are one of ours.
  expect(serving.calls.map(({ size }) => size)).toEqual([16, 16]);
  expect(await gpu.registry.metrics()).toContain('inference_rpc_seconds_count{pool="gpu"} 1');
});

test('a bad picture in a batch fails alone', async () => {
  await using serving = await startFaultServing({ invalidPixel: 13 });
  using gpu = aPool({ name: 'gpu', address: serving.address, slots: 1, maxBatch: 16 });
  const infer = inferenceClient([gpu]);
  const answers = await Promise.allSettled([11, 12, 13, 14].map((value) => infer(wanted(value))));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(answers[2]).toMatchObject({ reason: { code: 'INTERNAL' } });
});

test('a server that is mute costs its deadline until it is left alone; it comes back when it works', async () => {
  await using slow = await startFaultServing({ mute: true });
  await using other = await startFaultServing();
  using gpu = aPool({ name: 'gpu', address: slow.address, slots: 1, deadlineMs: 100 });
  using cpu = aPool({ name: 'cpu', address: other.address });
  const infer = inferenceClient([gpu, cpu]);
  for (let i = 0; i < 20; i += 1) expect((await infer(wanted(i))).pool).toBe('cpu');
  // Three open the breaker; a busy machine may take long enough for one or two more that are to decide.
  expect(slow.calls.length).toBeLessThanOrEqual(5);
  expect(await gpu.registry.metrics()).toMatch(
    /inference_rejected_total\{pool="gpu",reason="resting"\} 1[5-7]/,
  );
  slow.behaviour.mute = false;
  await expect.poll(async () => (await infer(wanted(1))).pool, { timeout: 10_000 }).toBe('gpu');
  expect(await gpu.registry.metrics()).toContain('inference_breaker_state{pool="gpu"} 0');
});

test('a pool that is killed under load fails nobody, is left alone, and is used again', async () => {
  const first = await startFaultServing({ serviceMs: 5 });
  await using other = await startFaultServing({ serviceMs: 5 });
  using gpu = aPool({ name: 'gpu', address: first.address, slots: 2, maxBatch: 16 });
  using cpu = aPool({ name: 'cpu', address: other.address, slots: 2, maxBatch: 8 });
  const infer = inferenceClient([gpu, cpu]);
  const load = closedLoop(infer, 32, 20);
  await expect.poll(() => first.calls.length, { timeout: 10_000 }).toBeGreaterThan(5);
  first.kill();
  const outcomes = await load;
  expect(outcomes.filter((outcome) => outcome !== 'gpu' && outcome !== 'cpu')).toEqual([]);
  expect(outcomes).toHaveLength(640);
  expect(gpu.mayAsk()).toBe(false);
  await using again = await startFaultServing({}, first.port);
  await expect.poll(async () => (await infer(wanted(1))).pool, { timeout: 15_000 }).toBe('gpu');
  expect(again.calls.length).toBeGreaterThan(0);
});

test('when all pools are away it is said at once', async () => {
  using gpu = aPool({ name: 'gpu' });
  using cpu = aPool({ name: 'cpu' });
  const outcomes = await closedLoop(inferenceClient([gpu, cpu]), 8, 4);
  expect(new Set(outcomes.map((outcome) => (outcome as { code?: string }).code))).toEqual(
    new Set(['MODEL_UNAVAILABLE']),
  );
});
