import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { RadiographError } from '#common/errors.ts';
import { type AskedHost, isHost } from './asked-host.ts';
import { isLoopback } from './loopback.ts';

export type ForeignPageOptions = {
  readonly askedHost: AskedHost;
  /** Origins whose pages may ask as our own do. */
  readonly allowedOrigins: readonly string[];
  /** Whether nothing but where a request comes from keeps others out. */
  readonly loopbackOnly: boolean;
};

/** What a browser sends for a page of another site, without asking anybody first. */
export type ForeignPages = {
  /** For WebSockets and forms, which browsers send across sites. Who says nothing of an origin is no browser.
   *  @throws RadiographError FORBIDDEN */
  refuseOrigin(request: IncomingMessage): void;
  /** For all requests: a name that its owner leads to this machine afterwards makes another site's page one of our own
   *  to the browser (DNS rebinding), but `Host` still says that name.
   *  @throws RadiographError FORBIDDEN, BAD_USER_INPUT */
  refuseHost(request: IncomingMessage): void;
};

export function foreignPages({ askedHost, allowedOrigins, loopbackOnly }: ForeignPageOptions): ForeignPages {
  const allowedHosts = new Set(allowedOrigins.map((origin) => new URL(origin).host));
  // Nearly all ask by one name, and to take it apart each time costs more than the whole check.
  let accepted = '';
  return {
    refuseOrigin(request) {
      const { origin } = request.headers;
      if (origin === undefined || allowedOrigins.includes(origin)) return;
      if (isOrigin(origin, askedHost(request))) return;
      throw new RadiographError('FORBIDDEN', 'Expected a page of this address (setting ALLOWED_ORIGINS)');
    },
    refuseHost(request) {
      if (!loopbackOnly) return;
      // Both: a page under a rebound name may send any header, those of proxies too.
      for (const host of [request.headers.host ?? '', askedHost(request)]) {
        if (host === '' || host === accepted) continue;
        if (!isHost(host))
          throw new RadiographError('BAD_USER_INPUT', 'Expected a host name in the header host');
        const { hostname, host: normal } = new URL(`http://${host}`);
        if (!isLoopback(hostname.replace(/^\[|\]$/g, '')) && !allowedHosts.has(normal))
          throw new RadiographError(
            'FORBIDDEN',
            'Expected localhost in the header host while nobody is authenticated (setting ALLOWED_ORIGINS)',
          );
        accepted = host;
      }
    },
  };
}

/** Probes are open: what watches a service asks by any name, and learns no more than whether it is well. */
const PROBES = ['/healthz', '/readyz'];

export function refuseForeignHosts(http: FastifyInstance, { refuseHost }: ForeignPages): void {
  http.addHook('onRequest', async ({ raw, is404, routeOptions }) => {
    if (!is404 && !PROBES.includes(routeOptions.url ?? '')) refuseHost(raw);
  });
}

function isOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !isHost(host)) return false;
  const { protocol, host: from } = new URL(origin);
  // Read with the origin's scheme, since a proxy may name the port that browsers leave out.
  return from !== '' && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === from;
}
