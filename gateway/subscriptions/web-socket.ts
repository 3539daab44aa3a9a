import type { FastifyInstance } from 'fastify';
import { GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { Origin } from '../context.ts';
import { credentialsOf, type Identify } from '../guard/caller.ts';
import type { CheckedOperation } from './checked-operation.ts';
import type { SharedOperations } from './shared-operations.ts';
import type { StuckSockets } from './stuck-sockets.ts';

export type WebSocketOptions = {
  readonly identify: Identify;
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
  { identify, stuck, mostOperations }: WebSocketOptions,
): AsyncDisposable {
  const server = new WebSocketServer({
    server: http.server,
    path: '/graphql',
    WebSocket: QuietSocket,
    maxPayload: MESSAGE_BYTES,
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
      async onConnect({ connectionParams, extra: { socket, request } }) {
        const gone = new AbortController();
        socket.once('close', () => gone.abort());
        const { headers } = request;
        const credentials = credentialsOf(headers, request.socket.remoteAddress, connectionParams);
        const caller = await identify(credentials);
        origins.set(socket, { caller, requestId: headers['x-request-id'], gone: gone.signal });
      },
      onSubscribe({ extra, subscriptions }, _id, payload) {
        const origin = origins.get(extra.socket);
        if (!origin) throw new Error('The socket was never acknowledged');
        if (Object.keys(subscriptions).length > mostOperations) return [tooMany(mostOperations)];
        return operations.check(payload, origin);
      },
      execute: (operation) => operations.execute(operation as CheckedOperation),
      subscribe: (operation) => operations.subscribe(operation as CheckedOperation),
    },
    server,
    PING_MS,
  );
  return { [Symbol.asyncDispose]: async () => dispose() };
}

function tooMany(most: number): GraphQLError {
  return new GraphQLError(`Expected at most ${most} operations at once on a connection`, {
    extensions: { code: 'OVERLOADED' },
  });
}
