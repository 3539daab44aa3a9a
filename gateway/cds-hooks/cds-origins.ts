import type { FastifyInstance } from 'fastify';

export const CDS_SERVICES = '/cds-services';

/** Lets CDS clients that run in a browser read answers. CDS Hooks 2.0 wants CORS and leaves the how to OWASP's HTML5
 *  security cheat sheet: what is about patients for named origins alone, what is public for any. Nobody is let in by
 *  cookies, so credentials stay off. Comes before the hooks that refuse, so that a page can read their refusals. */
export function allowCdsClients(http: FastifyInstance, origins: readonly string[]): void {
  http.addHook('onRequest', async ({ headers, routeOptions }, reply) => {
    const url = routeOptions.url ?? '';
    if (url !== CDS_SERVICES && !url.startsWith(`${CDS_SERVICES}/`)) return;
    const isPublic = url === CDS_SERVICES;
    if (!isPublic) reply.header('vary', 'origin');
    const origin = isPublic ? '*' : origins.find((one) => one === headers.origin);
    if (origin === undefined) return;
    reply
      .header('access-control-allow-origin', origin)
      .header('access-control-expose-headers', 'retry-after, www-authenticate, x-request-id');
  });
}
