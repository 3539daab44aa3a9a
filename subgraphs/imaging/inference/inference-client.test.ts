import { expect, test } from 'vitest';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import { inferenceClient } from './inference-client.ts';
import { MODEL_EDGE } from './preprocess.ts';
import type { PredictAnswer, ServingClient } from './serving-client.ts';
import type { TensorProto } from './tensor-proto.ts';

const PIXELS = MODEL_EDGE * MODEL_EDGE;
const grey = (value: number) => Buffer.alloc(PIXELS, value);

function floats(values: number[], ...sizes: number[]): TensorProto {
  return {
    dtype: 'DT_FLOAT',
    tensor_shape: { dim: sizes.map((size) => ({ size: String(size) })) },
    tensor_content: Buffer.from(Float32Array.from(values).buffer),
  };
}

/** Two labels and a 1 × 2 map; the first pixel of a picture comes back, so that answers cannot be swapped. */
function answered(input: TensorProto): Required<Pick<PredictAnswer, 'model_spec' | 'outputs'>> {
  const n = Number(input.tensor_shape.dim[0]?.size);
  const firsts = Array.from({ length: n }, (_, i) => input.tensor_content?.[i * PIXELS * 3] ?? 0);
  return {
    model_spec: { version: { value: '7' } },
    outputs: {
      probabilities: floats(
        firsts.flatMap((first) => [first / 256, 1 - first / 256]),
        ...[n, 2],
      ),
      cams: floats(
        firsts.flatMap((first) => [first, 1, 2, 3]),
        ...[n, 1, 2, 2],
      ),
    },
  };
}

function pool(name: string, predict: (input: TensorProto) => PredictAnswer | ErrorCode) {
  const inputs: TensorProto[] = [];
  const client: ServingClient = {
    pool: name,
    async predict(_model, input) {
      inputs.push(input);
      const answer = predict(input);
      if (typeof answer === 'string') throw new RadiographError(answer, `${name} says ${answer}`);
      return answer;
    },
    versions: async () => [],
    close: () => undefined,
  };
  return { client, inputs };
}

const asking = (predict: (input: TensorProto) => PredictAnswer | ErrorCode) =>
  inferenceClient([pool('gpu', predict).client], 'm')(grey(64));

test('each picture gets its own answer, with version and pool', async () => {
  const gpu = pool('gpu', answered);
  const infer = inferenceClient([gpu.client], 'm');
  const answers = await Promise.all([64, 128].map((value) => infer(grey(value))));
  expect(answers).toMatchObject([
    { probabilities: [0.25, 0.75], mapHeight: 1, mapWidth: 2, modelVersion: '7', pool: 'gpu' },
    { probabilities: [0.5, 0.5] },
  ]);
  expect(answers.map(({ maps }) => [...maps])).toEqual(
    [64, 128].map((first) => [...Buffer.from(Float32Array.from([first, 1, 2, 3]).buffer)]),
  );
});

test('a picture goes out as three equal channels', async () => {
  const gpu = pool('gpu', answered);
  await inferenceClient([gpu.client], 'm')(Buffer.concat([Buffer.from([9, 8]), grey(1).subarray(2)]));
  const [input] = gpu.inputs;
  expect(input?.tensor_shape.dim.map(({ size }) => size)).toEqual([1, MODEL_EDGE, MODEL_EDGE, 3]);
  expect(input?.tensor_content).toHaveLength(PIXELS * 3);
  expect([...(input?.tensor_content?.subarray(0, 9) ?? [])]).toEqual([9, 9, 9, 8, 8, 8, 1, 1, 1]);
});

test('twenty pictures at once go in batches of eight at most', async () => {
  const gpu = pool('gpu', answered);
  const infer = inferenceClient([gpu.client], 'm');
  const values = Array.from({ length: 20 }, (_, i) => i * 8);
  const answers = await Promise.all(values.map((value) => infer(grey(value))));
  expect(answers.map(({ probabilities }) => (probabilities[0] ?? 0) * 256)).toEqual(values);
  expect(gpu.inputs.map(({ tensor_shape }) => tensor_shape.dim[0]?.size)).toEqual([8, 8, 4]);
});

test('the second pool answers when the first is away or has too much to do', async () => {
  for (const code of ['MODEL_UNAVAILABLE', 'OVERLOADED'] as const) {
    const gpu = pool('gpu', () => code);
    const answer = await inferenceClient([gpu.client, pool('cpu', answered).client], 'm')(grey(64));
    expect(answer).toMatchObject({ pool: 'cpu', probabilities: [0.25, 0.75] });
    expect(gpu.inputs).toHaveLength(1);
  }
});

test('the second pool is not asked when the first found a fault or took all the time', async () => {
  for (const code of ['INTERNAL', 'DEADLINE_EXCEEDED'] as const) {
    const cpu = pool('cpu', answered);
    const infer = inferenceClient([pool('gpu', () => code).client, cpu.client], 'm');
    await expect(infer(grey(64))).rejects.toMatchObject({ code, message: `gpu says ${code}` });
    expect(cpu.inputs).toEqual([]);
  }
});

test('when no pool can answer, the last refusal is told', async () => {
  const pools = [
    pool('gpu', () => 'OVERLOADED' as const).client,
    pool('cpu', () => 'MODEL_UNAVAILABLE' as const).client,
  ];
  await expect(inferenceClient(pools, 'm')(grey(1))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  await expect(inferenceClient([], 'm')(grey(1))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
});

test('a failed batch frees its slot', async () => {
  let away = true;
  const gpu = pool('gpu', (input) => (away ? 'MODEL_UNAVAILABLE' : answered(input)));
  const infer = inferenceClient([gpu.client], 'm');
  for (let i = 0; i < 5; i += 1) await expect(infer(grey(i))).rejects.toThrow();
  away = false;
  expect(await infer(grey(64))).toMatchObject({ probabilities: [0.25, 0.75] });
});

test('an answer in float_val is read too', async () => {
  const listed = (tensor: TensorProto | undefined, ...values: number[]): TensorProto => ({
    ...{ dtype: 'DT_FLOAT', tensor_shape: tensor?.tensor_shape ?? { dim: [] } },
    ...{ tensor_content: Buffer.alloc(0), float_val: values },
  });
  const answer = await asking((input) => {
    const { outputs, model_spec } = answered(input);
    const cams = listed(outputs.cams, 5, 6);
    return { model_spec, outputs: { probabilities: listed(outputs.probabilities, 0.25, 0.75), cams } };
  });
  expect(answer.probabilities).toEqual([0.25, 0.75]);
  expect([...answer.maps]).toEqual([...Buffer.from(Float32Array.from([5, 6, 6, 6]).buffer)]);
});

test('each picture gets its own outlier score from a model that gives one', async () => {
  const scored = pool('gpu', (input) => {
    const { outputs, model_spec } = answered(input);
    const n = Number(input.tensor_shape.dim[0]?.size);
    const scores = floats(
      Array.from({ length: n }, (_, i) => i + 0.5),
      n,
    );
    return { model_spec, outputs: { ...outputs, outlier_score: scores } };
  });
  const infer = inferenceClient([scored.client], 'm');
  const answers = await Promise.all([64, 128].map((value) => infer(grey(value))));
  expect(answers.map(({ outlierScore }) => outlierScore)).toEqual([0.5, 1.5]);
  expect(await asking(answered)).not.toHaveProperty('outlierScore');
});

test('outputs of wrong shapes are refused', async () => {
  const wrong = (change: Partial<PredictAnswer['outputs']>) =>
    asking((input) => {
      const { outputs, model_spec } = answered(input);
      return { model_spec, outputs: { ...outputs, ...change } as PredictAnswer['outputs'] };
    });
  const one = [0.25, 0.75];
  await expect(wrong({ probabilities: floats([...one, ...one], 2, 2) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ probabilities: floats(one, 2) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ probabilities: floats([...one], 1, 2, 1) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ cams: floats([1, 2, 3], 1, 1, 1, 3) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ cams: floats([1, 2, 3, 4], 1, 1, 1, 2, 2) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ cams: floats([1, 2], 1, 1, 2) })).rejects.toThrow('Expected 1 answer');
  await expect(wrong({ outlier_score: floats([1, 2], 2) })).rejects.toThrow('Expected 1 outlier score');
  await expect(wrong({ outlier_score: floats([1], 1, 1) })).rejects.toThrow('Expected 1 outlier score');
  await expect(wrong({ cams: undefined as never })).rejects.toThrow('without probabilities or cams');
});
