import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { observeHttp } from '#common/observed-http.ts';
import { requestIdOf } from '#common/request-id.ts';
import { statusName } from './grpc-services.ts';
import { modelSignatures } from './model-metadata.ts';
import type { ModelRegistry, VersionChoice } from './model-registry.ts';
import { modelStatus } from './model-status.ts';
import { ServingError } from './serving-error.ts';

type ModelRoute = { Params: { model: string; version?: string } };

/** TensorFlow Serving's REST routes for status and metadata, the probes and the metrics.
 *  @param isLeaving whether nobody should send more */
export function restRoutes(
  registry: ModelRegistry,
  {
    metrics,
    logger,
    isLeaving,
  }: { readonly metrics: Registry; readonly logger: Logger; readonly isLeaving: () => boolean },
): FastifyInstance {
  const http = fastify({ forceCloseConnections: 'idle', genReqId: () => requestIdOf(undefined) });
  observeHttp(http, { metrics, logger });

  for (const path of ['/v1/models/:model', '/v1/models/:model/versions/:version']) {
    http.get<ModelRoute>(path, ({ params }) => statusAnswer(registry, params.model, choice(params.version)));
    http.get<ModelRoute>(`${path}/metadata`, ({ params }) =>
      metadataAnswer(registry, params.model, choice(params.version)),
    );
  }
  http.get('/healthz', () => ({ status: 'ok' }));
  http.get('/readyz', (_request, reply) => {
    if (isLeaving()) return reply.code(503).send({ status: 'leaving' });
    const ready = registry.versions.some(({ state }) => state === 'AVAILABLE');
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'no model is available' });
  });
  http.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );

  http.setErrorHandler((error, _request, reply) => {
    if (error instanceof ServingError)
      return reply.code(error.code === 'NOT_FOUND' ? 404 : 400).send({ error: error.message });
    return reply.code(500).send({ error: 'Internal error' });
  });
  http.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'Not found' }));
  return http;
}

function choice(version: string | undefined): VersionChoice {
  if (version === undefined) return {};
  if (!/^\d{1,15}$/.test(version))
    throw new ServingError('INVALID_ARGUMENT', 'Expected a whole number as version');
  return { version: Number(version) };
}

function statusAnswer(registry: ModelRegistry, model: string, wanted: VersionChoice) {
  return {
    model_version_status: modelStatus(registry, model, wanted).map(({ version, state, status }) => ({
      version: String(version),
      state,
      status: { error_code: statusName(status.error_code), error_message: status.error_message },
    })),
  };
}

function metadataAnswer(registry: ModelRegistry, model: string, wanted: VersionChoice) {
  const { version, signatures } = modelSignatures(registry, model, wanted);
  return {
    model_spec: { name: model, signature_name: '', version: String(version) },
    metadata: { signature_def: signatures },
  };
}
