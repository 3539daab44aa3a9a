import { join } from 'node:path';
import {
  type Client,
  type ClientUnaryCall,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = join(import.meta.dirname, '../../schema/proto');

export type Tensor = {
  dtype: string;
  tensor_shape: { dim: { size: string }[] };
  tensor_content: Buffer;
};
export type PredictAnswer = {
  outputs: Record<string, Tensor>;
  model_spec: { name: string; version: { value: string }; signature_name: string };
};
export type StatusAnswer = {
  model_version_status: {
    version: string;
    state: string;
    status: { error_code: string; error_message: string };
  }[];
};
export type MetadataAnswer = { metadata: Record<string, { type_url: string; value: Buffer }> };

export type TestClient = Disposable & {
  /** An aborted signal cancels the call. */
  predict(request: object, options?: { deadlineMs?: number; signal?: AbortSignal }): Promise<PredictAnswer>;
  metadata(request: object): Promise<MetadataAnswer>;
  status(request: object): Promise<StatusAnswer>;
  /** @returns the signatures by name that a metadata answer holds */
  signatures(answer: MetadataAnswer): Record<string, Record<'inputs' | 'outputs', Record<string, Signature>>>;
};
type Signature = { name: string; dtype: string; tensor_shape: { dim: { size: string }[] } };

const definition = loadSync('tensorflow_serving.proto', {
  includeDirs: [PROTO],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
});
const { serving } = loadPackageDefinition(definition).tensorflow as GrpcObject & { serving: GrpcObject };
const { PredictionService, ModelService } = serving as Record<string, ServiceClientConstructor>;

/** A client made from the proto files alone, as any user of TensorFlow Serving has one. */
export function testClient(port: number): TestClient {
  if (!PredictionService || !ModelService) throw new Error('The proto file lacks a service');
  const options = { 'grpc.max_receive_message_length': 64 << 20 };
  const prediction = new PredictionService(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  const models = new ModelService(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  const call =
    <Answer>(client: Client, method: string) =>
    (request: object, { deadlineMs = 30_000, signal }: { deadlineMs?: number; signal?: AbortSignal } = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: Answer) =>
          error ? reject(error) : resolve(answer as Answer);
        const pending = (client as unknown as Record<string, (...args: unknown[]) => ClientUnaryCall>)[
          method
        ]?.(request, { deadline: Date.now() + deadlineMs }, done);
        signal?.addEventListener('abort', () => pending?.cancel());
      });
  return {
    predict: call<PredictAnswer>(prediction, 'Predict'),
    metadata: call<MetadataAnswer>(prediction, 'GetModelMetadata'),
    status: call<StatusAnswer>(models, 'GetModelStatus'),
    signatures(answer) {
      const map = definition['tensorflow.serving.SignatureDefMap'] as unknown as {
        deserialize(bytes: Buffer): { signature_def: ReturnType<TestClient['signatures']> };
      };
      return map.deserialize(answer.metadata.signature_def?.value ?? Buffer.alloc(0)).signature_def;
    },
    [Symbol.dispose]() {
      prediction.close();
      models.close();
    },
  };
}

const EDGE = 256;

/** uint8 [count, 256, 256, 3]: pictures that differ from each other. */
export function pixels(count: number, seed = 0): Buffer {
  const size = EDGE * EDGE * 3;
  return Buffer.from(
    Uint8Array.from({ length: count * size }, (_, i) => {
      const image = Math.floor(i / size) + seed;
      const at = Math.floor((i % size) / 3);
      return (((at % EDGE) * (image + 1)) >> 2) ^ (Math.floor(at / EDGE) * (image % 5));
    }),
  );
}

export function tensor(content: Buffer, shape: readonly number[], dtype = 'DT_UINT8') {
  return { dtype, tensor_shape: { dim: shape.map((size) => ({ size })) }, tensor_content: content };
}

/** A well-formed request for `count` pictures. */
export function request(count: number, seed = 0) {
  const input = tensor(pixels(count, seed), [count, EDGE, EDGE, 3]);
  return { model_spec: { name: 'covid19' }, inputs: { input } };
}

/** The values of an output, row by row along its first axis. */
export function rows(output: Tensor | undefined): Float32Array[] {
  if (!output) throw new Error('The output is missing');
  const values = new Float32Array(new Uint8Array(output.tensor_content).buffer);
  const count = Number(output.tensor_shape.dim[0]?.size);
  const width = values.length / count;
  return Array.from({ length: count }, (_, i) => values.subarray(i * width, (i + 1) * width));
}
