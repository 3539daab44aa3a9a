import { join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { RadiographError } from '#common/errors.ts';
import type { ServedVersion } from '../domain/classifier.ts';
import type { TensorProto } from './tensor-proto.ts';

export type PredictAnswer = {
  model_spec: { version?: { value: string } };
  outputs: Record<string, TensorProto>;
};
type StatusAnswer = { model_version_status: { version: string; state: ServedVersion['state'] }[] };

type Unary<Request, Answer> = (
  request: Request,
  options: { deadline: number },
  callback: (error: ServiceError | null, answer?: Answer) => void,
) => { cancel(): void };

/** A client of one model server that speaks TensorFlow Serving's gRPC. */
export type ServingClient = {
  readonly pool: string;
  /** @throws RadiographError MODEL_UNAVAILABLE, OVERLOADED, DEADLINE_EXCEEDED, INTERNAL */
  predict(model: string, input: TensorProto): Promise<PredictAnswer>;
  /** @throws RadiographError as `predict` */
  versions(model: string): Promise<{ version: string; state: ServedVersion['state'] }[]>;
  close(): void;
};

const MESSAGE_LIMIT = 64 * 1024 * 1024;
const PREDICT_MS = 10_000;
const STATUS_MS = 2_000;
const PROTO = join(import.meta.dirname, '../../../schema/proto');

export function servingClient(pool: string, address: string): ServingClient {
  const definition = loadSync(['tensorflow_serving.proto'], {
    includeDirs: [PROTO],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const { serving } = loadPackageDefinition(definition).tensorflow as GrpcObject & { serving: GrpcObject };
  const options = {
    'grpc.max_receive_message_length': MESSAGE_LIMIT,
    // Retries silently do nothing for a request above this size, 1 MiB by default.
    'grpc.per_rpc_retry_buffer_size': MESSAGE_LIMIT,
    'grpc.retry_buffer_size': 4 * MESSAGE_LIMIT,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  };
  const { PredictionService, ModelService } = serving as unknown as Record<
    string,
    new (
      ...args: unknown[]
    ) => Client
  >;
  type Client = {
    close(): void;
    Predict: Unary<object, PredictAnswer>;
    GetModelStatus: Unary<object, StatusAnswer>;
  };
  if (!PredictionService || !ModelService)
    throw new Error('The TensorFlow Serving services are not in the proto file');
  const prediction = new PredictionService(address, credentials.createInsecure(), options);
  const models = new ModelService(address, credentials.createInsecure(), options);
  return {
    pool,
    predict(model, input) {
      const request = { model_spec: { name: model, signature_name: 'serving_default' }, inputs: { input } };
      return unary(prediction, prediction.Predict, request, PREDICT_MS);
    },
    async versions(model) {
      const answer = await unary(models, models.GetModelStatus, { model_spec: { name: model } }, STATUS_MS);
      return answer.model_version_status;
    },
    close() {
      prediction.close();
      models.close();
    },
  };
}

function unary<Request, Answer>(
  client: object,
  call: Unary<Request, Answer>,
  request: Request,
  ms: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call.call(client, request, { deadline: Date.now() + ms }, (error, answer) => {
      if (error) reject(toRadiographError(error));
      else if (answer === undefined)
        reject(new RadiographError('INTERNAL', 'The model server sent no answer'));
      else resolve(answer);
    });
  });
}

function toRadiographError(cause: ServiceError): RadiographError {
  switch (cause.code) {
    case status.UNAVAILABLE:
    case status.NOT_FOUND:
    case status.FAILED_PRECONDITION:
    case status.CANCELLED:
      return new RadiographError('MODEL_UNAVAILABLE', 'The model server cannot answer now', { cause });
    case status.RESOURCE_EXHAUSTED:
      return new RadiographError('OVERLOADED', 'The model server has too much to do', { cause });
    case status.DEADLINE_EXCEEDED:
      return new RadiographError('DEADLINE_EXCEEDED', 'The model server did not answer in time', { cause });
    default:
      return new RadiographError('INTERNAL', 'The model server refused the request', { cause });
  }
}
