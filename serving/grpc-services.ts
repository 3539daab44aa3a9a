import type { Http2Server } from 'node:http2';
import { join } from 'node:path';
import {
  type GrpcObject,
  loadPackageDefinition,
  type Metadata,
  Server,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';
import { inScope, type TraceSpan, type Tracing } from '#common/request-scope.ts';
import { type MetadataRequest, modelMetadata, type SignatureDefMap } from './model-metadata.ts';
import type { ModelRegistry } from './model-registry.ts';
import { modelStatus } from './model-status.ts';
import { choiceOf, type ModelSpec, type PredictRequest, predict } from './predict.ts';
import { ServingError } from './serving-error.ts';
import type { ServingMetrics } from './serving-metrics.ts';

const PROTO = join(import.meta.dirname, '../schema/proto');
const MESSAGE_LIMIT = 64 * 1024 * 1024;
const WINDOW = 4 * 1024 * 1024;

type Parts = { readonly metrics: ServingMetrics; readonly tracing: Tracing; readonly logger: Logger };

/** The gRPC server with TensorFlow Serving's PredictionService and ModelService. */
export function grpcServer(registry: ModelRegistry, { metrics, tracing, logger }: Parts): Server {
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
      const span = beginSpan(tracing, method, call.metadata);
      const timed = metrics.seconds.startTimer({ method });
      const ended = (code: string, grpcStatus: number) => {
        metrics.requests.inc({ method, code });
        span?.set({ 'rpc.grpc.status_code': grpcStatus });
        if (grpcStatus !== status.OK) span?.fail(code);
        span?.end();
        logger.debug({ method, code, ms: Math.round(timed() * 1_000) }, 'answered');
      };
      await inScope({ requestId: requestIdsOf(call.metadata), span }, async () => {
        try {
          const answer = await work(call.request, cancelled.signal);
          ended('OK', status.OK);
          callback(null, answer);
        } catch (error) {
          const refusal =
            error instanceof ServingError ? error : new ServingError('INTERNAL', 'Internal error');
          if (refusal !== error) logger.error({ err: error, method }, 'request failed');
          ended(refusal.code, refusal.grpcStatus);
          callback({ code: refusal.grpcStatus, details: refusal.message });
        }
      });
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

/** Several, by commas, where a batch answers several requests; `-` where the caller names none. */
const REQUEST_IDS = /^[\w.-]{1,64}(,[\w.-]{1,64}){0,15}$/;

function requestIdsOf(metadata: Metadata): string {
  const [ids] = metadata.get(REQUEST_ID_HEADER);
  return typeof ids === 'string' && REQUEST_IDS.test(ids) ? ids : '-';
}

/** What asks for states every second belongs to no trace. */
function beginSpan(tracing: Tracing, method: string, metadata: Metadata): TraceSpan | undefined {
  const [given] = metadata.get('traceparent');
  const parent = typeof given === 'string' ? given : undefined;
  if (parent === undefined && method !== 'Predict') return undefined;
  const service = `tensorflow.serving.${method === 'GetModelStatus' ? 'ModelService' : 'PredictionService'}`;
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  return tracing.begin(`${service}/${method}`, { kind: 'server', attributes }, parent);
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
