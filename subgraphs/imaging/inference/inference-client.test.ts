import { expect, test } from 'vitest';
import { answerTo, aPool, grey, never } from '../testing/predict-answers.ts';
import { inferenceClient } from './inference-client.ts';
import type { PredictAnswer } from './serving-client.ts';
import { type FaultKind, ServingFault } from './serving-fault.ts';
import type { TensorProto } from './tensor-proto.ts';

/** A pool of one slot in front of `predict`, and the sizes of the batches that it was sent. */
function pool(name: string, predict: (input: TensorProto) => PredictAnswer | FaultKind, maxBatch = 8) {
  const sizes: number[] = [];
  const client = {
    async predict({ input }: { input: TensorProto }) {
      sizes.push(Number(input.tensor_shape.dim[0]?.size));
      const answer = predict(input);
      if (typeof answer === 'string') throw new ServingFault(answer, `${name} is ${answer}`);
      return answer;
    },
    versions: async () => [],
    close: () => undefined,
  };
  return { pool: aPool({ name, slots: 1, maxBatch }, client), sizes };
}
const wanted = (value: number) => ({ grey: grey(value), signal: never });
const answers = (input: TensorProto) => answerTo(input);

test('twenty pictures at once go in batches of eight at most, and each gets its own answer', async () => {
  const gpu = pool('gpu', answers);
  const infer = inferenceClient([gpu.pool]);
  const values = Array.from({ length: 20 }, (_, i) => i * 8);
  const got = await Promise.all(values.map((value) => infer(wanted(value))));
  expect(got.map(({ probabilities }) => (probabilities[0] ?? 0) * 256)).toEqual(values);
  expect(gpu.sizes).toEqual([8, 8, 4]);
});

test.each<FaultKind>([...(['unreachable', 'late', 'full', 'absent', 'broken'] as const)])(
  'when the first pool is %s the next one answers',
  async (fault) => {
    const gpu = pool('gpu', () => fault);
    const infer = inferenceClient([gpu.pool, pool('cpu', answers).pool]);
    expect(await infer(wanted(64))).toMatchObject({ pool: 'cpu', probabilities: [0.25, 0.75] });
    expect(gpu.sizes).toEqual([1]);
  },
);

test('what a pool failed goes to the next one in batches of its own size', async () => {
  const gpu = pool('gpu', () => 'unreachable', 16);
  const cpu = pool('cpu', answers, 4);
  const infer = inferenceClient([gpu.pool, cpu.pool]);
  await Promise.all(Array.from({ length: 16 }, (_, i) => infer(wanted(i))));
  expect([gpu.sizes, cpu.sizes]).toEqual([[16], [4, 4, 4, 4]]);
});

test('a request that is invalid is not tried elsewhere', async () => {
  const cpu = pool('cpu', answers);
  const infer = inferenceClient([pool('gpu', () => 'invalid').pool, cpu.pool]);
  await expect(infer(wanted(64))).rejects.toMatchObject({ code: 'INTERNAL', message: 'gpu is invalid' });
  expect(cpu.sizes).toEqual([]);
});

test('when no pool can answer, the last refusal is told', async () => {
  const pools = [pool('gpu', () => 'full').pool, pool('cpu', () => 'unreachable').pool];
  await expect(inferenceClient(pools)(wanted(1))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  await expect(inferenceClient([])(wanted(1))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
});

test('nobody who has gone is taken to the next pool', async () => {
  const caller = new AbortController();
  const gpu = pool('gpu', () => {
    caller.abort(new Error('gone'));
    return 'unreachable';
  });
  const cpu = pool('cpu', answers);
  const infer = inferenceClient([gpu.pool, cpu.pool]);
  await expect(infer({ grey: grey(1), signal: caller.signal })).rejects.toThrow('gone');
  expect(cpu.sizes).toEqual([]);
});
