import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Gauge, Histogram, type Registry } from 'prom-client';
import { SECONDS } from './metrics.ts';
import { inScope, type TraceSpan, type Tracing } from './request-scope.ts';

type Options = {
  readonly metrics: Registry;
  readonly logger: Logger;
  /** Absent where requests are not traced. */
  readonly tracing?: Tracing | undefined;
  /** Whether the caller's `traceparent` is believed. */
  readonly believes?: (request: FastifyRequest) => boolean;
};

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Asked every few seconds by whoever watches. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Counts, times, traces and logs each request of a server, and runs it in a scope of its own. To be called before any
 *  other hook is added. */
export function observeHttp(http: FastifyInstance, options: Options): void {
  const { metrics, logger, tracing, believes = () => false } = options;
  const registers = [metrics];
  const seconds = new Histogram({
    name: 'http_request_seconds',
    help: 'HTTP requests from their head to the end of the answer, by route and status; streams last as long as they are open',
    labelNames: ['method', 'route', 'code'] as const,
    buckets: SECONDS,
    registers,
  });
  const underWay = new Gauge({
    name: 'http_requests_in_flight',
    help: 'HTTP requests that are not answered yet, open streams among them',
    registers,
  });
  new Gauge({
    name: 'http_connections',
    help: 'Connections that are open, WebSockets among them',
    registers,
    async collect() {
      this.set(
        await new Promise<number>((resolve) => http.server.getConnections((_, count) => resolve(count ?? 0))),
      );
    },
  });

  http.addHook('onRequest', (request, reply, done) => {
    const began = performance.now();
    const { method, route } = placeOf(request);
    const span = PROBES.has(route) ? undefined : begun(request, method, route);
    underWay.inc();
    reply.raw.once('close', () => {
      const code = reply.raw.writableFinished ? String(reply.raw.statusCode) : 'aborted';
      const ms = performance.now() - began;
      underWay.dec();
      seconds.observe({ method, route, code }, ms / 1_000);
      ended(span, reply, code);
      const trace = span && { traceId: span.traceId };
      logger.debug({ requestId: request.id, ...trace, method, route, code, ms: Math.round(ms) }, 'answered');
    });
    inScope({ requestId: request.id, span }, done);
  });

  function begun(request: FastifyRequest, method: string, route: string): TraceSpan | undefined {
    const { traceparent } = request.headers;
    const believed = typeof traceparent === 'string' && believes(request) ? traceparent : undefined;
    const attributes = { 'http.request.method': method, 'http.route': route };
    return tracing?.begin(`${method} ${route}`, { kind: 'server', attributes }, believed);
  }
}

function placeOf({ method, routeOptions }: FastifyRequest): { method: string; route: string } {
  return { method: METHODS.has(method) ? method : 'other', route: routeOptions.url ?? 'unknown' };
}

function ended(span: TraceSpan | undefined, { raw }: FastifyReply, code: string): void {
  if (!span) return;
  if (code === 'aborted') span.fail(code);
  else {
    span.set({ 'http.response.status_code': raw.statusCode });
    if (raw.statusCode >= 500) span.fail(code);
  }
  span.end();
}
