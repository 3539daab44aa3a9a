import type { FastifyInstance } from 'fastify';
import { GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { codeOf, RadiographError } from '#common/errors.ts';
import { publicErrors } from '#common/errors-in-graphql.ts';
import type { Origin } from '../context.ts';
import type { ForeignPages } from '../guard/foreign-pages.ts';
import { type NamedOperation, type PersistedOperations, persistedId } from '../guard/persisted-operations.ts';
import type { SocketLimit } from '../guard/rate-hook.ts';
import type { OriginOf } from '../origin.ts';
import type { CheckedOperation, OperationRequest } from './checked-operation.ts';
import { handshake } from './handshake.ts';
import type { SharedOperations } from './shared-operations.ts';
import type { StuckSockets } from './stuck-sockets.ts';

export type WebSocketOptions = {
  readonly originOf: OriginOf;
  readonly persisted: PersistedOperations;
  readonly foreign: ForeignPages;
  /** Absent where callers are not limited. */
  readonly rate: SocketLimit | undefined;
  readonly logger: Logger;
  readonly stuck: StuckSockets;
  /** Operations of every kind that one connection may have open. */
  readonly mostOperations: number;
};

const PING_MS = 12_000;
const MESSAGE_BYTES = 1024 * 1024;
/** With more than this waiting to be read by the client, nothing more is read from it. */
const FULL_BYTES = 256 * 1024;
/** A client that does not answer the closing is let go of. */
const CLOSING_MS = 3_000;

/** A write fails because the other end is gone, which "close" tells. graphql-ws would print the failure. */
class QuietSocket extends WebSocket {
  override send(data: string, done?: unknown): void {
    super.send(data, () => {
      if (typeof done === 'function') done();
    });
  }
}

/** Serves the graphql-transport-ws protocol on `/graphql`. A stream is pulled on only when the event before has left
 *  for the network. Disposing it closes every socket with 1001. */
export function serveWebSockets(
  http: FastifyInstance,
  operations: SharedOperations,
  { originOf, persisted, foreign, rate, stuck, mostOperations, logger }: WebSocketOptions,
): AsyncDisposable {
  const server = new WebSocketServer({
    server: http.server,
    path: '/graphql',
    WebSocket: QuietSocket,
    maxPayload: MESSAGE_BYTES,
    verifyClient: handshake(foreign, rate),
    // Spread, since its types do not know this option.
    ...{ closeTimeout: CLOSING_MS },
  });
  const origins = new WeakMap<WebSocket, Origin>();
  server.on('connection', (socket, { socket: connection }) => {
    stuck.watch(connection, () => socket.terminate());
    // Answers to what it sends are not streams that could wait: they would pile up here.
    socket.on('message', () => {
      if (socket.bufferedAmount > FULL_BYTES) socket.pause();
    });
    connection.on('drain', () => socket.resume());
  });
  const { dispose } = useServer(
    {
      // Else a fault of ours closes the socket with its message as the reason.
      isProd: true,
      async onConnect({ connectionParams, extra: { socket, request } }) {
        const gone = new AbortController();
        socket.once('close', () => gone.abort());
        try {
          origins.set(socket, await originOf(request, gone.signal, connectionParams));
        } catch (error) {
          // The library closes the socket with 4403.
          if (codeOf(error) === 'UNAUTHENTICATED') return false;
          throw error;
        }
        return true;
      },
      async onSubscribe({ extra, subscriptions }, _id, payload) {
        const origin = origins.get(extra.socket);
        if (!origin) throw new Error('The socket was never acknowledged');
        if (Object.keys(subscriptions).length > mostOperations) return [tooMany(mostOperations)];
        try {
          await rate?.operation(extra.request, origin.caller);
          return operations.check({ ...payload, query: textOf(payload, persisted) }, origin);
        } catch (error) {
          return publicErrors([new GraphQLError('refused', { originalError: error as Error })], logger);
        }
      },
      execute: (operation) => operations.execute(operation as CheckedOperation),
      subscribe: (operation) => operations.subscribe(operation as CheckedOperation),
    },
    server,
    PING_MS,
  );
  server.on('connection', (socket) => {
    // The library prints what it hears here: anybody could fill the log by breaking the protocol.
    socket.removeAllListeners('error');
    socket.on('error', ({ message }) => logger.info({ message }, 'socket closed: protocol broken'));
  });
  return { [Symbol.asyncDispose]: async () => dispose() };
}

/** The text of an operation: the protocol wants a string where a persisted one has none. */
function textOf(payload: OperationRequest & NamedOperation, persisted: PersistedOperations): string {
  const body = persisted.bodyOf(payload);
  // A client that hears this sends the text.
  if (body === undefined && persistedId(payload) !== undefined)
    throw new RadiographError('BAD_USER_INPUT', 'PersistedQueryNotFound');
  return body ?? payload.query;
}

function tooMany(most: number): GraphQLError {
  return new GraphQLError(`Expected at most ${most} operations at once on a connection`, {
    extensions: { code: 'OVERLOADED' },
  });
}
