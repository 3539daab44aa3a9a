import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { statusName } from './grpc-services.ts';
import type { ModelRegistry } from './model-registry.ts';
import { modelStatus } from './model-status.ts';
import { ServingError } from './serving-error.ts';

type StatusParams = { model: string; version?: string };

/** TensorFlow Serving's REST status route, the probes and the metrics. */
export function restRoutes(registry: ModelRegistry, metrics: Registry): FastifyInstance {
  const http = fastify({ forceCloseConnections: 'idle' });

  http.get<{ Params: StatusParams }>('/v1/models/:model', (request) =>
    statusAnswer(registry, request.params),
  );
  http.get<{ Params: StatusParams }>('/v1/models/:model/versions/:version', (request) =>
    statusAnswer(registry, request.params),
  );
  http.get('/healthz', () => ({ status: 'ok' }));
  http.get('/readyz', (_request, reply) => {
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

function statusAnswer(registry: ModelRegistry, { model, version }: StatusParams) {
  if (version !== undefined && !/^\d{1,15}$/.test(version))
    throw new ServingError('INVALID_ARGUMENT', 'Expected a whole number as version');
  const found = modelStatus(registry, model, version === undefined ? {} : { version: Number(version) });
  return {
    model_version_status: found.map(({ version: number, state, status }) => ({
      version: String(number),
      state,
      status: { error_code: statusName(status.error_code), error_message: status.error_message },
    })),
  };
}
