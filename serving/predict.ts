import { traced } from '#common/request-scope.ts';
import type { ModelRegistry, VersionChoice } from './model-registry.ts';
import { ServingError } from './serving-error.ts';
import type { PredictMetrics } from './serving-metrics.ts';
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

/** Answers PredictionService.Predict as TensorFlow Serving does: same checks, same codes, same sentences.
 *  @param signal drops what has not started when nobody waits for it any more
 *  @throws ServingError */
export async function predict(
  registry: ModelRegistry,
  request: PredictRequest,
  signal: AbortSignal,
  metrics: PredictMetrics,
): Promise<PredictResponse> {
  const spec = request.model_spec ?? { name: '', signature_name: '' };
  const { version, pool } = registry.find(spec.name, choiceOf(spec));
  const signature = spec.signature_name || SIGNATURE;
  if (signature !== SIGNATURE)
    throw new ServingError('FAILED_PRECONDITION', `Serving signature key "${signature}" not found.`);
  const batch = checkedInput(request.inputs, pool.inputs);
  const wanted = checkedFilter(request.output_filter, pool.outputs);
  const [count = 0] = batch.dims;
  const labels = { model: spec.name, version: String(version) };
  const run = { kind: 'internal' as const, attributes: { 'radiograph.batch.size': count } };
  const runs = await traced('run network', run, () => pool.run(batch, signal)).catch(
    (error: ServingError) => {
      metrics.rejected(labels, error);
      throw error;
    },
  );
  metrics.answered(labels, count, runs);
  const outputs = joinedOutputs(runs.map((run) => run.outputs.filter(({ name }) => wanted.has(name))));
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
