import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RadiographError } from '#common/errors.ts';
import type { Authentication } from './authentication.ts';
import { asksForWork } from './work-routes.ts';

/** Asks for a token before the body is read. The explorer's page itself is open: what it asks for is not. */
export function authenticateHttp(http: FastifyInstance, authenticate: Authentication): void {
  http.addHook('onRequest', async (request, reply) => {
    if (!asksForWork(request) || isPage(request)) return;
    try {
      await authenticate(request.headers.authorization);
    } catch (error) {
      // RFC 6750, section 3.
      if (error instanceof RadiographError && error.code === 'UNAUTHENTICATED')
        reply.header('www-authenticate', 'Bearer');
      throw error;
    }
  });
}

function isPage({ method, headers, query }: FastifyRequest): boolean {
  const asks = typeof query === 'object' && query !== null && ('query' in query || 'extensions' in query);
  return method === 'GET' && !asks && (headers.accept?.includes('text/html') ?? false);
}
