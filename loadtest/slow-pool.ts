import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = join(import.meta.dirname, '../schema/proto');
const MESSAGE_LIMIT = 64 * 1024 * 1024;
const MAP_EDGE = 16;
const LABELS = 3;

/** A model server with one slot, which takes the same time for a batch of any size, as an accelerator does. */
export type SlowPool = AsyncDisposable & {
  readonly address: string;
  /** Sizes of the batches that came since this was asked for last. */
  takeBatches(): number[];
};

type Tensor = { tensor_shape: { dim: { size: string }[] } };
type Predict = {
  model_spec: { name: string; signature_name: string };
  inputs: Record<string, Tensor>;
};
type Call<Request> = ServerUnaryCall<Request, object>;

/** Speaks TensorFlow Serving's gRPC; every image is answered alike. @param ms of one batch */
export async function openSlowPool(ms: number): Promise<SlowPool> {
  const definition = loadSync(['tensorflow_serving.proto'], {
    includeDirs: [PROTO],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const { serving } = loadPackageDefinition(definition).tensorflow as GrpcObject & {
    serving: Record<string, ServiceClientConstructor>;
  };
  let batches: number[] = [];
  let slot: Promise<unknown> = Promise.resolve();
  const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_LIMIT });
  server.addService((serving.PredictionService as ServiceClientConstructor).service, {
    Predict({ request }: Call<Predict>, answer: sendUnaryData<object>) {
      const count = Number(request.inputs.input?.tensor_shape.dim[0]?.size);
      batches.push(count);
      slot = slot.then(() => pause(ms)).then(() => answer(null, answerFor(request, count)));
    },
  });
  server.addService((serving.ModelService as ServiceClientConstructor).service, {
    GetModelStatus(_call: Call<object>, answer: sendUnaryData<object>) {
      const status = { error_code: 0, error_message: '' };
      answer(null, { model_version_status: [{ version: '1', state: 'AVAILABLE', status }] });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    takeBatches() {
      const taken = batches;
      batches = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function answerFor({ model_spec }: Predict, count: number): object {
  const tensor = (shape: number[], values: readonly number[]) => ({
    dtype: 'DT_FLOAT',
    tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })) },
    tensor_content: Buffer.from(
      Float32Array.from(
        { length: shape.reduce((product, size) => product * size, 1) },
        (_, i) => values[i % values.length] ?? 0,
      ).buffer,
    ),
  });
  return {
    model_spec: { ...model_spec, version: { value: '1' } },
    outputs: {
      probabilities: tensor([count, LABELS], [0.1, 0.7, 0.2]),
      cams: tensor([count, MAP_EDGE, MAP_EDGE, LABELS], [0.5]),
      outlier_score: tensor([count], [0]),
    },
  };
}
