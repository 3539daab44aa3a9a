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
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { TensorProto } from '../inference/tensor-proto.ts';
import { answerTo, firstPixels } from './predict-answers.ts';

type Predict = {
  model_spec: { version: { value: string } | null };
  inputs: { input: TensorProto };
};

/** How the server behaves; a test changes it as it goes. */
export type Behaviour = {
  /** Of one batch; it works on one after the other. */
  serviceMs: number;
  /** A batch with such a picture is invalid. */
  invalidPixel: number | undefined;
  /** So many calls to come are answered with UNAVAILABLE. */
  unavailable: number;
  /** Takes calls and never answers them, while it tells that it is well. */
  mute: boolean;
  /** Versions that it serves; version 2 is sure of the other label. */
  versions: readonly string[];
};

export type FaultServing = AsyncDisposable & {
  readonly behaviour: Behaviour;
  readonly port: number;
  readonly address: string;
  /** Calls of Predict as they came. */
  readonly calls: { readonly size: number; readonly version: string | undefined }[];
  /** Ends it at once, with its connections. */
  kill(): void;
};

const PROTO = join(import.meta.dirname, '../../../schema/proto');
const LIMIT = { 'grpc.max_receive_message_length': 64 << 20 };

/** A gRPC server that speaks TensorFlow Serving's protocol, without a network and with faults.
 *  @param port a port that was free; another one when it is left out */
export async function startFaultServing(given: Partial<Behaviour> = {}, port = 0): Promise<FaultServing> {
  const behaviour: Behaviour = {
    ...{ serviceMs: 0, invalidPixel: undefined, unavailable: 0, mute: false, versions: ['1'] },
    ...given,
  };
  const calls: { size: number; version: string | undefined }[] = [];
  let slot: Promise<unknown> = Promise.resolve();

  const predict = async ({ model_spec, inputs }: Predict) => {
    const version = model_spec.version?.value;
    const pixels = firstPixels(inputs.input);
    calls.push({ size: pixels.length, version });
    if (behaviour.mute) return new Promise<never>(() => undefined);
    if (behaviour.unavailable > 0) {
      behaviour.unavailable -= 1;
      throw refusal(status.UNAVAILABLE, 'Going away');
    }
    if (version !== undefined && !behaviour.versions.includes(version))
      throw refusal(status.NOT_FOUND, `Servable not found for request: Specific(m, ${version})`);
    if (pixels.some((pixel) => pixel === behaviour.invalidPixel))
      throw refusal(status.INVALID_ARGUMENT, 'Incompatible shapes');
    slot = slot.then(() => pause(behaviour.serviceMs));
    await slot;
    const answer = answerTo(inputs.input, version ?? behaviour.versions.at(-1));
    const { probabilities, cams } = answer.outputs;
    const swapped = answer.model_spec.version.value === '2';
    // As TensorFlow Serving does: values one by one, not in one piece.
    const listed = (tensor: TensorProto, values: number[]) => ({
      ...{ dtype: tensor.dtype, tensor_shape: tensor.tensor_shape, float_val: values },
    });
    const shares = pixels.flatMap((pixel) => [pixel / 256, 1 - pixel / 256]);
    return {
      ...answer,
      outputs: { probabilities: listed(probabilities, swapped ? shares.reverse() : shares), cams },
    };
  };

  const server = new Server(LIMIT);
  const { PredictionService, ModelService } = services();
  server.addService(PredictionService.service, {
    Predict: answering(predict),
    GetModelMetadata: answering(() => Promise.reject(refusal(status.UNIMPLEMENTED, 'Not here'))),
  });
  server.addService(ModelService.service, {
    GetModelStatus: answering(async () => ({
      model_version_status: behaviour.versions.map((version) => ({ version, state: 'AVAILABLE' })),
    })),
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  return {
    ...{ behaviour, calls, port: bound, address: `127.0.0.1:${bound}` },
    kill: () => server.forceShutdown(),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function services() {
  const options = { includeDirs: [PROTO], keepCase: true, longs: String, enums: String, defaults: true };
  const { serving } = loadPackageDefinition(loadSync('tensorflow_serving.proto', options))
    .tensorflow as GrpcObject & { serving: GrpcObject };
  return serving as Record<'PredictionService' | 'ModelService', ServiceClientConstructor>;
}

const refusal = (code: status, details: string) => Object.assign(new Error(details), { code, details });

function answering<Request>(work: (request: Request) => Promise<object>) {
  return ({ request }: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => {
    work(request).then(
      (answer) => callback(null, answer),
      (error: Error) => callback(error),
    );
  };
}
