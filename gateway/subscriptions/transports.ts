import type { FastifyInstance } from 'fastify';
import type { ForeignPages } from '../guard/foreign-pages.ts';
import type { PersistedOperations } from '../guard/persisted-operations.ts';
import type { SocketLimit } from '../guard/rate-hook.ts';
import type { OriginOf } from '../origin.ts';
import { serveHttpStreams } from './http-stream.ts';
import { type OperationOptions, sharedOperations } from './shared-operations.ts';
import { stuckSockets } from './stuck-sockets.ts';
import { serveWebSockets } from './web-socket.ts';

export type TransportOptions = OperationOptions & {
  readonly originOf: OriginOf;
  readonly persisted: PersistedOperations;
  readonly foreign: ForeignPages;
  /** Absent where callers are not limited. */
  readonly rate: SocketLimit | undefined;
  /** Operations that one WebSocket may have open. */
  readonly mostOperations: number;
  /** How long a client may read nothing of what waits for it. */
  readonly stuckMs: number;
};

/** Opens what can carry more than one answer: graphql-ws on `/graphql`, and on `POST /graphql` server-sent events
 *  (distinct connections) and Apollo's multipart protocol. All run the same operations under the same rules as plain
 *  HTTP. Disposing it ends every stream; clients are told to come back. */
export function openTransports(http: FastifyInstance, options: TransportOptions): AsyncDisposable {
  const { originOf, persisted, foreign, rate, mostOperations, logger, stuckMs } = options;
  const operations = sharedOperations(options);
  const stuck = stuckSockets(stuckMs);
  const sockets = serveWebSockets(http, operations, {
    ...{ originOf, persisted, foreign, rate, stuck, mostOperations, logger },
  });
  const streams = serveHttpStreams(http, operations, { originOf, stuck, logger });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([sockets[Symbol.asyncDispose](), streams[Symbol.asyncDispose]()]);
      stuck[Symbol.dispose]();
    },
  };
}
