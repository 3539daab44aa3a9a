import { join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';
import { type RequestScope, requestScope, type TraceSpan } from '#common/request-scope.ts';
import type { ServedVersion } from '../domain/classifier.ts';
import { ServingFault } from './serving-fault.ts';
import type { TensorProto } from './tensor-proto.ts';

export type PredictAnswer = {
  model_spec: { version?: { value: string } | null } | null;
  outputs: Record<string, TensorProto>;
};
type StatusAnswer = { model_version_status: { version: string; state: ServedVersion['state'] }[] };

export type PredictRequest = {
  readonly model: string;
  /** The latest that is AVAILABLE when it is left out. */
  readonly version?: string | undefined;
  readonly input: TensorProto;
  readonly deadlineMs: number;
  /** Is told how the call ended. */
  readonly span?: TraceSpan | undefined;
};

type Unary<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, answer?: Answer) => void,
) => { cancel(): void };

/** A client of the model servers behind one address that speak TensorFlow Serving's gRPC. */
export type ServingClient = {
  /** @throws ServingFault */
  predict(request: PredictRequest): Promise<PredictAnswer>;
  /** @throws ServingFault */
  versions(model: string): Promise<{ version: string; state: ServedVersion['state'] }[]>;
  close(): void;
};

const MESSAGE_LIMIT = 64 * 1024 * 1024;
const STATUS_MS = 1_000;
const PROTO = join(import.meta.dirname, '../../../schema/proto');

/** One more try, on another server where the name has several; above a tenth of the traffic there is none. What
 *  a retry cannot mend goes to the next pool. */
const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
  methodConfig: [
    {
      name: [{ service: 'tensorflow.serving.PredictionService' }],
      retryPolicy: {
        maxAttempts: 2,
        initialBackoff: '0.02s',
        maxBackoff: '0.1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_LIMIT,
  'grpc.max_send_message_length': MESSAGE_LIMIT,
  // Retries silently do nothing for a request above this size, 1 MiB by default.
  'grpc.per_rpc_retry_buffer_size': MESSAGE_LIMIT,
  'grpc.retry_buffer_size': 4 * MESSAGE_LIMIT,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A C-core server ends a connection that pings more often than every five minutes.
  'grpc.keepalive_time_ms': 300_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
};

/** @param address `host:port`; all addresses that the name resolves to take turns */
export function servingClient(address: string): ServingClient {
  const definition = loadSync(['tensorflow_serving.proto'], {
    includeDirs: [PROTO],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const { serving } = loadPackageDefinition(definition).tensorflow as GrpcObject & { serving: GrpcObject };
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
  const target = `dns:///${address}`;
  const prediction = new PredictionService(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  const models = new ModelService(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  return {
    async predict({ model, version, input, deadlineMs, span }) {
      const spec = { name: model, signature_name: 'serving_default' };
      const model_spec = version === undefined ? spec : { ...spec, version: { value: version } };
      const request = { model_spec, inputs: { input } };
      return unary(prediction, prediction.Predict, request, deadlineMs, span);
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
  span?: TraceSpan,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call.call(client, request, metadataOf(requestScope()), { deadline: Date.now() + ms }, (error, answer) => {
      span?.set({ 'rpc.grpc.status_code': error?.code ?? status.OK });
      if (error) reject(toFault(error));
      else if (answer === undefined) reject(new ServingFault('broken', 'The model server sent no answer'));
      else resolve(answer);
    });
  });
}

/** Other model servers leave it alone. */
function metadataOf(scope: RequestScope | undefined): Metadata {
  const metadata = new Metadata();
  if (scope) metadata.set(REQUEST_ID_HEADER, scope.requestId);
  if (scope?.span) metadata.set('traceparent', scope.span.traceparent);
  return metadata;
}

/** TensorFlow Serving says UNAVAILABLE of a server that is away and of one whose queue is full. */
const QUEUE_FULL = 'batch scheduling queue';

function toFault(cause: ServiceError): ServingFault {
  switch (cause.code) {
    case status.UNAVAILABLE:
      return cause.details.includes(QUEUE_FULL)
        ? new ServingFault('full', 'The model server has too much to do', { cause })
        : new ServingFault('unreachable', 'The model server cannot answer now', { cause });
    case status.CANCELLED:
      return new ServingFault('unreachable', 'The model server cannot answer now', { cause });
    case status.NOT_FOUND:
    case status.FAILED_PRECONDITION:
      return new ServingFault('absent', 'The model server cannot answer now', { cause });
    case status.RESOURCE_EXHAUSTED:
      return new ServingFault('full', 'The model server has too much to do', { cause });
    case status.DEADLINE_EXCEEDED:
      return new ServingFault('late', 'The model server did not answer in time', { cause });
    case status.INVALID_ARGUMENT:
      return new ServingFault('invalid', 'The model server refused the request', { cause });
    default:
      return new ServingFault('broken', 'The model server failed', { cause });
  }
}
