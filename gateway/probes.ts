import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

const PROBE_MS = 1_000;
/** Without it nothing can be taken or shown; the others leave partial answers. */
const INDISPENSABLE = 'imaging';

/** `/healthz` (alive; asks nobody), `/readyz` (which subgraphs answer, by name), `/metrics`.
 *  @returns makes `/readyz` say that the gateway is leaving */
export function serveProbes(
  http: FastifyInstance,
  subgraphs: ReadonlyMap<string, string>,
  metrics: Registry,
): () => void {
  let isLeaving = false;
  http.get('/healthz', () => ({ status: 'ok' }));
  http.get('/readyz', async (_request, reply) => {
    if (isLeaving) return reply.code(503).send({ status: 'leaving' });
    const states = await Promise.all(
      [...subgraphs].map(async ([name, base]) => [name, await stateOf(base)] as const),
    );
    const found = Object.fromEntries(states);
    const ready = found[INDISPENSABLE] === 'ready';
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', subgraphs: found });
  });
  http.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );
  return () => {
    isLeaving = true;
  };
}

async function stateOf(base: string): Promise<'ready' | 'not ready' | 'unreachable'> {
  const answer = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(PROBE_MS) }).catch(
    () => undefined,
  );
  await answer?.body?.cancel();
  if (!answer) return 'unreachable';
  return answer.ok ? 'ready' : 'not ready';
}
