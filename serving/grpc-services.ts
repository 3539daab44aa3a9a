import type { Http2Server } from 'node:http2';
import { join } from 'node:path';
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { type MetadataRequest, modelMetadata, type SignatureDefMap } from './model-metadata.ts';
import type { ModelRegistry } from './model-registry.ts';
import { modelStatus } from './model-status.ts';
import { choiceOf, type ModelSpec, type PredictRequest, predict } from './predict.ts';
import { ServingError } from './serving-error.ts';
import type { ServingMetrics } from './serving-metrics.ts';

const PROTO = join(import.meta.dirname, '../schema/proto');
const MESSAGE_LIMIT = 64 * 1024 * 1024;
const WINDOW = 4 * 1024 * 1024;

/** The gRPC server with TensorFlow Serving's PredictionService and ModelService. */
export function grpcServer(registry: ModelRegistry, metrics: ServingMetrics, logger: Logger): Server {
  const definition = loadSync('tensorflow_serving.proto', {
    includeDirs: [PROTO],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    arrays: true,
  });
  const { serving } = loadPackageDefinition(definition).tensorflow as GrpcObject & { serving: GrpcObject };
  const { PredictionService, ModelService } = serving as Record<string, ServiceClientConstructor>;
  if (!PredictionService || !ModelService) throw new Error('The proto file lacks a service');
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_LIMIT,
    'grpc.max_send_message_length': MESSAGE_LIMIT,
  });
  widenWindows(server);

  const unary =
    <Request, Answer>(
      method: string,
      work: (request: Request, signal: AbortSignal) => Answer | Promise<Answer>,
    ) =>
    async (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>) => {
      const cancelled = new AbortController();
      // Also when its deadline is over, and when its connection breaks.
      call.on('cancelled', () => cancelled.abort());
      try {
        const answer = await work(call.request, cancelled.signal);
        metrics.requests.inc({ method, code: 'OK' });
        callback(null, answer);
      } catch (error) {
        const refusal =
          error instanceof ServingError ? error : new ServingError('INTERNAL', 'Internal error');
        if (refusal !== error) logger.error({ err: error, method }, 'request failed');
        metrics.requests.inc({ method, code: refusal.code });
        callback({ code: refusal.grpcStatus, details: refusal.message });
      }
    };

  server.addService(PredictionService.service, {
    Predict: unary('Predict', (request: PredictRequest, signal) =>
      predict(registry, request, signal, metrics),
    ),
    GetModelMetadata: unary('GetModelMetadata', (request: MetadataRequest) =>
      modelMetadata(registry, request, definition['tensorflow.serving.SignatureDefMap'] as SignatureDefMap),
    ),
  });
  server.addService(ModelService.service, {
    GetModelStatus: unary('GetModelStatus', ({ model_spec: spec }: { model_spec: ModelSpec | null }) => {
      if (!spec) throw new ServingError('INVALID_ARGUMENT', 'Missing ModelSpec');
      return { model_version_status: modelStatus(registry, spec.name, choiceOf(spec)) };
    }),
  });
  return server;
}

/** Lets a caller send a batch of pictures without waiting for the window to open again every 64 KiB: that halves what
 *  a request costs on both sides. grpc-js has an option for it in its client only, so its HTTP/2 server is reached
 *  through a private method; a test looks at the windows. */
function widenWindows(server: Server): void {
  const internals = server as unknown as { createHttp2Server(...args: unknown[]): Http2Server };
  const create = internals.createHttp2Server.bind(server);
  internals.createHttp2Server = (...args) => {
    const http2 = create(...args);
    http2.on('session', (session) => {
      session.settings({ initialWindowSize: WINDOW });
      session.setLocalWindowSize(WINDOW);
    });
    return http2;
  };
}

/** The name of a gRPC status code, as the REST route of TensorFlow Serving writes it. */
export function statusName(code: number): string {
  return status[code] ?? 'UNKNOWN';
}
