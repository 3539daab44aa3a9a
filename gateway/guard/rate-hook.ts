import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Caller } from '#common/caller.ts';
import type { CallerName } from './caller-name.ts';
import { type RateLimit, rateLimited, type Taken } from './rate-limit.ts';

/** What asks the system to work; probes, pages and pictures do not. */
const COUNTED = /^\/(?:graphql$|covid19\/)/;

/** Counts a request of HTTP before its body is read, and tells the caller what is left in the headers of
 *  draft-ietf-httpapi-ratelimit-headers-10. */
export function limitRequests(http: FastifyInstance, limit: RateLimit, name: CallerName): void {
  http.addHook('onRequest', async (request, reply) => {
    if (!COUNTED.test(request.routeOptions.url ?? '')) return;
    const taken = await limit.take(await name.ofRequest(request.raw));
    tellLimit(reply, limit.most, taken);
    if (taken.allowed) return;
    reply.header('retry-after', String(taken.seconds));
    throw rateLimited(limit.most, taken);
  });
}

function tellLimit(reply: FastifyReply, most: number, { left, seconds }: Taken): void {
  reply.header('ratelimit-policy', `"requests";q=${most};w=60`);
  reply.header('ratelimit', `"requests";r=${left};t=${seconds}`);
}

type Refuse = (
  accepted: boolean,
  status?: number,
  message?: string,
  headers?: Record<string, string>,
) => void;

/** The same for WebSockets, which no hook of the framework sees. */
export type SocketLimit = {
  /** Counts the opening of a socket, for the option `verifyClient` of ws. */
  readonly open: (info: { req: IncomingMessage }, done: Refuse) => void;
  /** Counts an operation on a socket. @throws RadiographError RATE_LIMITED */
  readonly operation: (request: IncomingMessage, caller: Caller) => Promise<void>;
};

export function limitSockets(limit: RateLimit, name: CallerName): SocketLimit {
  return {
    open({ req }, done) {
      name
        .ofRequest(req)
        .then((caller) => limit.take(caller))
        .then(
          ({ allowed, seconds }) =>
            allowed ? done(true) : done(false, 429, 'Too Many Requests', { 'Retry-After': String(seconds) }),
          () => done(false, 503, 'Service Unavailable'),
        );
    },
    async operation(request, caller) {
      const taken = await limit.take(name.ofCaller(caller, request));
      if (!taken.allowed) throw rateLimited(limit.most, taken);
    },
  };
}
