import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CallerAddress } from './caller-address.ts';
import { type RateLimit, rateLimited, type Taken } from './rate-limit.ts';
import { asksForWork } from './work-routes.ts';

/** Counts a request of HTTP before its body is read, and tells the caller what is left in the headers of
 *  draft-ietf-httpapi-ratelimit-headers-10. */
export function limitRequests(http: FastifyInstance, limit: RateLimit, caller: CallerAddress): void {
  http.addHook('onRequest', async (request, reply) => {
    if (!asksForWork(request)) return;
    const taken = await limit.take(caller(request.raw));
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
  readonly operation: (request: IncomingMessage) => Promise<void>;
};

export function limitSockets(limit: RateLimit, caller: CallerAddress): SocketLimit {
  return {
    open({ req }, done) {
      limit.take(caller(req)).then(
        ({ allowed, seconds }) =>
          allowed ? done(true) : done(false, 429, 'Too Many Requests', { 'Retry-After': String(seconds) }),
        () => done(false, 503, 'Service Unavailable'),
      );
    },
    async operation(request) {
      const taken = await limit.take(caller(request));
      if (!taken.allowed) throw rateLimited(limit.most, taken);
    },
  };
}
