import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { ErrorCode } from '#common/errors.ts';
import { HTTP_STATUS } from '../http-errors.ts';
import { onceClosed } from '../once-closed.ts';
import type { OriginOf } from '../origin.ts';
import type { OperationRequest } from './checked-operation.ts';
import { type Framing, framingOf } from './framing.ts';
import type { SharedOperations } from './shared-operations.ts';
import type { StuckSockets } from './stuck-sockets.ts';

export type HttpStreamOptions = {
  readonly originOf: OriginOf;
  readonly stuck: StuckSockets;
  readonly logger: Logger;
};

/** A client that does not read to the end of its stream is let go of. */
const CLOSING_MS = 3_000;

type Results = AsyncIterableIterator<ExecutionResult>;

/** Answers `POST /graphql` with a stream when the client asks for one: server-sent events for any operation, Apollo's
 *  multipart protocol for subscriptions. Disposing it ends every stream. */
export function serveHttpStreams(
  http: FastifyInstance,
  operations: SharedOperations,
  { originOf, stuck, logger }: HttpStreamOptions,
): AsyncDisposable {
  const open = new Map<Promise<void>, { interrupt(): void; breakOff(): void }>();

  const start = (reply: FastifyReply, results: Results, framing: Framing) => {
    const interrupted = new AbortController();
    reply.hijack();
    const unwatch = stuck.watch(reply.request.raw.socket, () => reply.raw.destroy());
    const written = write(reply.raw, results, framing, interrupted.signal)
      .catch((error: unknown) => {
        logger.error({ err: error }, 'a stream broke off');
        reply.raw.destroy();
      })
      .finally(() => {
        unwatch();
        open.delete(written);
      });
    open.set(written, {
      interrupt() {
        interrupted.abort();
        void results.return?.();
      },
      breakOff: () => reply.raw.destroy(),
    });
    return reply;
  };

  http.addHook('preHandler', async (request, reply) => {
    const framing = framingOf(request.headers);
    if (!framing || request.method !== 'POST' || request.routeOptions.url !== '/graphql') return;
    const gone = new AbortController();
    onceClosed(reply.raw, () => gone.abort());
    // Its form was checked, and its text put in place of a name, before it comes here; one without is Apollo's.
    const asked = request.body as OperationRequest;
    if (!asked.query) return;
    const operation = operations.check(asked, await originOf(request.raw, gone.signal));
    if (Array.isArray(operation)) return refuse(reply, operation, framing);
    if (getOperationAST(operation.document, operation.operationName)?.operation === 'subscription') {
      const results = operations.subscribe(operation);
      if (Symbol.asyncIterator in results) return start(reply, results, framing);
      return refuse(reply, results.errors ?? [], framing);
    }
    // Apollo's clients ask for multipart with "or JSON": the plain answer suits them for all else.
    if (framing.kind === 'event-stream')
      return start(reply, only(await operations.execute(operation)), framing);
  });

  /** An event stream tells errors as events, since a browser cannot read the body of a refusal. */
  function refuse(reply: FastifyReply, errors: readonly GraphQLError[], framing: Framing) {
    if (framing.kind === 'event-stream') return start(reply, only({ errors }), framing);
    const code = errors[0]?.extensions.code as ErrorCode;
    const wanted = reply.request.headers.accept?.includes('application/graphql-response+json');
    return reply
      .code(HTTP_STATUS[code] ?? 400)
      .type(wanted ? 'application/graphql-response+json; charset=utf-8' : 'application/json; charset=utf-8')
      .send({ errors });
  }

  return {
    async [Symbol.asyncDispose]() {
      for (const { interrupt } of open.values()) interrupt();
      const late = setTimeout(() => {
        for (const { breakOff } of open.values()) breakOff();
      }, CLOSING_MS);
      await Promise.allSettled(open.keys());
      clearTimeout(late);
    },
  };
}

/** Pulls the next result only when the one before has left for the network. */
async function write(
  response: ServerResponse,
  results: Results,
  framing: Framing,
  interrupted: AbortSignal,
): Promise<void> {
  // At once: a pending next() of a job that stays as it is would keep the subgraph's stream open.
  response.once('close', () => void results.return?.());
  let writing = false;
  const send = (text: string) =>
    new Promise<boolean>((resolve) => {
      const settle = (left: boolean) => {
        response.off('close', lost);
        writing = false;
        resolve(left);
      };
      const lost = () => settle(false);
      writing = true;
      response.once('close', lost);
      response.write(text, (error) => settle(!error));
    });
  const heartbeat = setInterval(() => {
    if (!writing) response.write(framing.heartbeat);
  }, framing.heartbeatMs);
  try {
    response.writeHead(200, {
      ...framing.headers,
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    let alive = await send(framing.opening);
    while (alive) {
      const step = await results.next();
      if (step.done) break;
      alive = await send(framing.result(step.value));
    }
    if (alive) response.end(interrupted.aborted ? framing.interrupted([goingAway()]) : framing.ending);
  } finally {
    clearInterval(heartbeat);
    await results.return?.();
  }
}

async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult, undefined> {
  yield result;
}

function goingAway(): GraphQLError {
  return new GraphQLError('The gateway stops; subscribe again', { extensions: { code: 'OVERLOADED' } });
}
