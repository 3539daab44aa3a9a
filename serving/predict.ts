import type { ModelRegistry, VersionChoice } from './model-registry.ts';
import { ServingError } from './serving-error.ts';
import type { TaskResult } from './session-pool.ts';
import type { Endpoint } from './session-worker.ts';
import { inputTensor, joinedOutputs, type TensorProto } from './tensor.ts';

export type ModelSpec = {
  name: string;
  version?: { value: string } | null;
  version_label?: string;
  signature_name: string;
};
export type PredictRequest = {
  model_spec: ModelSpec | null;
  inputs: Record<string, TensorProto>;
  output_filter: string[];
};
export type PredictResponse = { model_spec: object; outputs: Record<string, object> };

export const SIGNATURE = 'serving_default';

/** Images that one run takes: more gain nothing on a CPU, and a small one lets the threads share a batch. */
const MICRO_BATCH = 4;
/** The arena of a session grows with a batch and never shrinks; a caller gets the rest in further requests. */
const LARGEST_BATCH = 64;

/** Answers PredictionService.Predict as TensorFlow Serving does: same checks, same codes, same sentences.
 *  @throws ServingError */
export async function predict(
  registry: ModelRegistry,
  request: PredictRequest,
  cancelled: () => boolean,
  observe: (batch: number, parts: readonly TaskResult[]) => void,
): Promise<PredictResponse> {
  const spec = request.model_spec ?? { name: '', signature_name: '' };
  const { version, pool } = registry.find(spec.name, choiceOf(spec));
  const signature = spec.signature_name || SIGNATURE;
  if (signature !== SIGNATURE)
    throw new ServingError('FAILED_PRECONDITION', `Serving signature key "${signature}" not found.`);
  const { type, dims, bytes } = checkedInput(request.inputs, pool.inputs);
  const wanted = checkedFilter(request.output_filter, pool.outputs);
  const [count = 0, ...shape] = dims;
  if (count > LARGEST_BATCH) {
    const message = `Task size ${count} is larger than maximum input batch size ${LARGEST_BATCH}`;
    throw new ServingError('INVALID_ARGUMENT', message);
  }
  const size = bytes.length / count;
  const starts = Array.from({ length: Math.ceil(count / MICRO_BATCH) }, (_, part) => part * MICRO_BATCH);
  const parts = await Promise.all(
    starts.map((start) => {
      const end = Math.min(count, start + MICRO_BATCH);
      // A copy, since it is handed over to the thread.
      const data = new Uint8Array(bytes.subarray(start * size, end * size)).buffer;
      return pool.run({ type, dims: [end - start, ...shape], data, cancelled });
    }),
  );
  observe(count, parts);
  const outputs = joinedOutputs(parts.map((part) => part.outputs.filter(({ name }) => wanted.has(name))));
  return { model_spec: { name: spec.name, version: { value: version }, signature_name: signature }, outputs };
}

export function choiceOf(spec: ModelSpec): VersionChoice {
  return {
    ...(spec.version && { version: Number(spec.version.value) }),
    ...(spec.version_label && { label: spec.version_label }),
  };
}

function checkedInput(given: Record<string, TensorProto>, inputs: readonly Endpoint[]) {
  const sent = Object.keys(given);
  const expected = inputs.map(({ name }) => name);
  if (sent.length !== expected.length) {
    const extra = sent.filter((name) => !expected.includes(name));
    const missing = expected.filter((name) => !sent.includes(name));
    throw new ServingError(
      'INVALID_ARGUMENT',
      `input size does not match signature: ${sent.length}!=${expected.length} len({${sent}}) != len({${expected}}). ` +
        `Sent extra: {${extra}}. Missing but required: {${missing}}.`,
    );
  }
  const [name = ''] = sent;
  const endpoint = inputs.find((input) => input.name === name);
  const tensor = given[name];
  if (!endpoint || !tensor) {
    const message = `input tensor alias not found in signature: ${name}. Inputs expected to be in the set {${expected}}.`;
    throw new ServingError('INVALID_ARGUMENT', message);
  }
  return inputTensor(name, tensor, endpoint);
}

function checkedFilter(filter: readonly string[], outputs: readonly Endpoint[]): ReadonlySet<string> {
  const known = outputs.map(({ name }) => name);
  const wanted = new Set<string>();
  for (const name of filter) {
    if (!known.includes(name)) {
      const message = `output tensor alias not found in signature: ${name} Outputs expected to be in the set {${known}}.`;
      throw new ServingError('INVALID_ARGUMENT', message);
    }
    if (wanted.has(name))
      throw new ServingError('INVALID_ARGUMENT', `duplicate output tensor alias: ${name}`);
    wanted.add(name);
  }
  return filter.length > 0 ? wanted : new Set(known);
}
