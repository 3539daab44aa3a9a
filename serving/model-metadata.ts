import type { MessageTypeDefinition } from '@grpc/proto-loader';
import type { ModelRegistry, VersionChoice } from './model-registry.ts';
import { choiceOf, type ModelSpec, SIGNATURE } from './predict.ts';
import { ServingError } from './serving-error.ts';
import type { Endpoint } from './session-worker.ts';
import { DTYPE_OF } from './tensor.ts';

export type MetadataRequest = { model_spec: ModelSpec | null; metadata_field: string[] };
export type SignatureDefMap = MessageTypeDefinition<object, object>;

/** Answers GetModelMetadata: the signature as the network itself declares it, -1 for the free batch dimension.
 *  @throws ServingError */
export function modelMetadata(
  registry: ModelRegistry,
  request: MetadataRequest,
  signatureDefMap: SignatureDefMap,
) {
  const { metadata_field: fields, model_spec: spec } = request;
  if (!spec) throw new ServingError('INVALID_ARGUMENT', 'Missing ModelSpec');
  if (fields.length === 0)
    throw new ServingError(
      'INVALID_ARGUMENT',
      'GetModelMetadataRequest must specify at least one metadata_field',
    );
  const unknown = fields.find((field) => field !== 'signature_def');
  if (unknown !== undefined)
    throw new ServingError('INVALID_ARGUMENT', `Metadata field ${unknown} is not supported`);
  const { version, signatures } = modelSignatures(registry, spec.name, choiceOf(spec));
  const value = signatureDefMap.serialize(signatures);
  return {
    model_spec: { name: spec.name, version: { value: version } },
    metadata: {
      signature_def: { type_url: 'type.googleapis.com/tensorflow.serving.SignatureDefMap', value },
    },
  };
}

/** The SignatureDefMap of a loaded version.
 *  @throws ServingError */
export function modelSignatures(registry: ModelRegistry, model: string, choice: VersionChoice) {
  const { version, pool } = registry.find(model, choice);
  const signature = {
    inputs: tensorInfos(pool.inputs),
    outputs: tensorInfos(pool.outputs),
    method_name: 'tensorflow/serving/predict',
  };
  return { version, signatures: { signature_def: { [SIGNATURE]: signature } } };
}

function tensorInfos(endpoints: readonly Endpoint[]): Record<string, object> {
  return Object.fromEntries(
    endpoints.map(({ name, type, shape }) => [
      name,
      {
        dtype: DTYPE_OF[type] ?? 'DT_INVALID',
        tensor_shape: {
          dim: shape.map((size) => ({ size: String(size), name: '' })),
          unknown_rank: false,
        },
        name,
      },
    ]),
  );
}
