import { expect, test } from 'vitest';
import { answerTo, floats, grey } from '../testing/predict-answers.ts';
import { forwardPass } from './forward-pass.ts';
import { MODEL_EDGE } from './preprocess.ts';
import type { PredictAnswer, PredictRequest } from './serving-client.ts';
import { ServingFault } from './serving-fault.ts';
import type { TensorProto } from './tensor-proto.ts';

/** A pass over `greys` by a client that answers with `predict`; tells what was sent as well. */
async function passed(
  greys: Buffer[],
  predict: (input: TensorProto) => PredictAnswer = (input) => answerTo(input),
  version?: string,
) {
  const requests: PredictRequest[] = [];
  const client = {
    async predict(request: PredictRequest) {
      requests.push(request);
      return predict(request.input);
    },
    versions: async () => [],
    close: () => undefined,
  };
  const asked = { client, pool: 'gpu', model: 'm', version, deadlineMs: 100 };
  return { inferences: await forwardPass(asked, greys), requests };
}
const one = async (predict: (input: TensorProto) => PredictAnswer) =>
  (await passed([grey(64)], predict)).inferences[0];

test('each picture gets its own answer, with version and pool', async () => {
  const { inferences } = await passed([grey(64), grey(128)]);
  expect(inferences).toMatchObject([
    { probabilities: [0.25, 0.75], mapHeight: 1, mapWidth: 2, modelVersion: '7', pool: 'gpu' },
    { probabilities: [0.5, 0.5] },
  ]);
  expect(inferences.map(({ maps }) => [...maps])).toEqual(
    [64, 128].map((first) => [...Buffer.from(Float32Array.from([first, 1, 2, 3]).buffer)]),
  );
});

test('a picture goes out as three equal channels, to the version that was asked for', async () => {
  const picture = Buffer.concat([Buffer.from([9, 8]), grey(1).subarray(2)]);
  const { requests } = await passed([picture], undefined, '7');
  expect(requests).toMatchObject([{ model: 'm', version: '7', deadlineMs: 100 }]);
  const input = requests[0]?.input;
  expect(input?.tensor_shape.dim.map(({ size }) => size)).toEqual([1, MODEL_EDGE, MODEL_EDGE, 3]);
  expect(input?.tensor_content).toHaveLength(MODEL_EDGE * MODEL_EDGE * 3);
  expect([...(input?.tensor_content?.subarray(0, 9) ?? [])]).toEqual([9, 9, 9, 8, 8, 8, 1, 1, 1]);
});

test('an answer in float_val is read too', async () => {
  const listed = (tensor: TensorProto, ...values: number[]): TensorProto => ({
    ...{ dtype: 'DT_FLOAT', tensor_shape: tensor.tensor_shape },
    ...{ tensor_content: Buffer.alloc(0), float_val: values },
  });
  const answer = await one((input) => {
    const { outputs, model_spec } = answerTo(input);
    const cams = listed(outputs.cams, 5, 6);
    return { model_spec, outputs: { probabilities: listed(outputs.probabilities, 0.25, 0.75), cams } };
  });
  expect(answer?.probabilities).toEqual([0.25, 0.75]);
  expect([...(answer?.maps ?? [])]).toEqual([...Buffer.from(Float32Array.from([5, 6, 6, 6]).buffer)]);
});

test('each picture gets its own outlier score from a model that gives one', async () => {
  const { inferences } = await passed([grey(64), grey(128)], (input) => {
    const { outputs, model_spec } = answerTo(input);
    return { model_spec, outputs: { ...outputs, outlier_score: floats([0.5, 1.5], 2) } };
  });
  expect(inferences.map(({ outlierScore }) => outlierScore)).toEqual([0.5, 1.5]);
  expect(await one(answerTo)).not.toHaveProperty('outlierScore');
});

const [PAIR, MAPS] = [
  [0.25, 0.75],
  [1, 2, 3, 4],
];
test.each<[string, Record<string, TensorProto | undefined>, string]>([
  ['answers for two pictures', { probabilities: floats([...PAIR, ...PAIR], 2, 2) }, 'Expected 1 answer'],
  ['no batch dimension', { probabilities: floats(PAIR, 2) }, 'Expected 1 answer'],
  ['a dimension too many', { probabilities: floats(PAIR, 1, 2, 1) }, 'Expected 1 answer'],
  ['maps of another number of labels', { cams: floats([1, 2, 3], 1, 1, 1, 3) }, 'Expected 1 answer'],
  ['maps of five dimensions', { cams: floats(MAPS, 1, 1, 1, 2, 2) }, 'Expected 1 answer'],
  ['maps of three dimensions', { cams: floats([1, 2], 1, 1, 2) }, 'Expected 1 answer'],
  ['scores for two pictures', { outlier_score: floats([1, 2], 2) }, 'Expected 1 outlier score'],
  ['scores of two dimensions', { outlier_score: floats([1], 1, 1) }, 'Expected 1 outlier score'],
  ['no maps', { cams: undefined }, 'without probabilities or cams'],
  ['a probability that is no number', { probabilities: floats([Number.NaN, 1], 1, 2) }, 'finite'],
  ['a map without bounds', { cams: floats([1, 2, 3, Number.POSITIVE_INFINITY], 1, 1, 2, 2) }, 'finite'],
])('%s make the answer useless', async (_name, change, message) => {
  const refused = one((input) => {
    const { outputs, model_spec } = answerTo(input);
    return { model_spec, outputs: { ...outputs, ...change } as PredictAnswer['outputs'] };
  });
  const fault = await refused.catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ServingFault);
  expect(fault).toMatchObject({ kind: 'broken', cause: { message: expect.stringContaining(message) } });
});

test('an answer of another version than the one asked, or of none, is refused', async () => {
  await expect(passed([grey(1)], answerTo, '8')).rejects.toMatchObject({ kind: 'broken' });
  const unsaid = (input: TensorProto) => ({ ...answerTo(input), model_spec: null });
  await expect(passed([grey(1)], unsaid)).rejects.toMatchObject({ kind: 'broken' });
});
