import type { IncomingMessage } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  getVariableValues,
  print,
} from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { WebSocketServer } from 'ws';
import { RadiographError } from '#common/errors.ts';
import { publicErrors } from '#common/errors-in-graphql.ts';
import { type Asker, createContext, type GatewayContext } from '../context.ts';
import type { OperationGuard } from '../guard/operation-guard.ts';
import { type NamedOperation, type PersistedOperations, persistedId } from '../guard/persisted-operations.ts';
import type { SocketLimit } from '../guard/rate-hook.ts';
import { checkedOperation, type OperationRequest, withCode } from './checked-operation.ts';
import type { FederatedSubscriptions } from './federated-subscription.ts';

export type TransportOptions = {
  readonly apollo: ApolloServer<GatewayContext>;
  /** The subscriptions of the supergraph that is in force now. */
  readonly current: () => FederatedSubscriptions;
  readonly guard: OperationGuard;
  readonly persisted: PersistedOperations;
  /** Absent where callers are not limited. */
  readonly rate: SocketLimit | undefined;
  readonly requestMs: number;
  readonly askerOf: (request: IncomingMessage) => Asker;
  readonly logger: Logger;
  readonly active: Gauge;
};

const PING_MS = 12_000;
const SOCKET_MESSAGE_BYTES = 1024 * 1024;

/** Opens graphql-ws on `/graphql` and server-sent events (distinct connections) on `POST /graphql`. Both run the
 *  same operations under the same rules as plain HTTP. */
export function openTransports(http: FastifyInstance, options: TransportOptions): AsyncDisposable {
  const operations = sharedOperations(options);
  const checked = (request: OperationRequest, from: IncomingMessage) =>
    checkedOperation(options.current().schema, request, options.askerOf(from), options.guard);
  const sockets = new WebSocketServer({
    server: http.server,
    path: '/graphql',
    maxPayload: SOCKET_MESSAGE_BYTES,
    ...(options.rate && { verifyClient: options.rate.open }),
  });
  const webSocket = useServer(
    {
      ...operations,
      // Else a fault of ours closes the socket with its message as the reason.
      isProd: true,
      async onSubscribe({ extra }, _id, payload) {
        try {
          await options.rate?.operation(extra.request);
          return checked({ ...payload, query: socketOperation(payload, options.persisted) }, extra.request);
        } catch (error) {
          return publicErrors([asGraphQLError(error)], options.logger);
        }
      },
    },
    sockets,
    PING_MS,
  );
  sockets.on('connection', (socket) => {
    // The library prints what it hears here: anybody could fill the log by breaking the protocol.
    socket.removeAllListeners('error');
    socket.on('error', ({ message }) => options.logger.info({ message }, 'socket closed: protocol broken'));
  });
  const serverSentEvents = createHandler({
    ...operations,
    onSubscribe({ raw }, params) {
      const operation = checked(params, raw.raw);
      return Array.isArray(operation) ? refusal(operation) : operation;
    },
  });
  http.addHook('preHandler', async (request, reply) => {
    const wanted = request.headers.accept?.includes('text/event-stream');
    if (!wanted || request.method !== 'POST' || request.routeOptions.url !== '/graphql') return;
    // The library compares the whole header.
    request.headers.accept = 'text/event-stream';
    await serverSentEvents(request, reply);
    return reply.hijack();
  });
  return {
    async [Symbol.asyncDispose]() {
      await webSocket.dispose();
    },
  };
}

/** The text of an operation of a socket, whose protocol wants a string where a persisted one has none. */
function socketOperation(payload: OperationRequest & NamedOperation, persisted: PersistedOperations): string {
  const body = persisted.bodyOf(payload);
  // A client that hears this sends the text.
  if (body === undefined && persistedId(payload) !== undefined)
    throw new RadiographError('BAD_USER_INPUT', 'PersistedQueryNotFound');
  return body ?? payload.query;
}

/** A stream of the errors alone: a bare list of them the library takes for an operation. */
async function* refusal(errors: readonly GraphQLError[]) {
  yield { errors };
}

function asGraphQLError(error: unknown): GraphQLError {
  return new GraphQLError('refused', { originalError: error as Error });
}

function sharedOperations({ apollo, current, requestMs, logger, active }: TransportOptions) {
  const mask = (errors: readonly GraphQLError[]) => publicErrors(errors, logger);

  return {
    async execute({ document, variableValues, operationName, contextValue }: ExecutionArgs) {
      const request = {
        query: print(document),
        variables: variableValues ?? {},
        ...(operationName && { operationName }),
      };
      const { body } = await apollo.executeOperation(request, {
        contextValue: createContext(requestMs, undefined, undefined, contextValue as Asker),
      });
      if (body.kind !== 'single') throw new Error('Expected one result');
      const { data, errors } = body.singleResult;
      return { ...(data !== undefined && { data }), ...(errors && { errors: errors.map(revived) }) };
    },

    async subscribe({ document, variableValues, operationName, contextValue }: ExecutionArgs) {
      const { schema, subscribe } = current();
      const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
      const checked = getVariableValues(schema, definitions, variableValues ?? {});
      if (checked.errors) return { errors: checked.errors.map((error) => withCode(error, 'BAD_USER_INPUT')) };
      const events = subscribe({
        document,
        operationName,
        variables: checked.coerced,
        // Each event has the whole time of a request.
        context: () => createContext(requestMs, undefined, undefined, contextValue as Asker),
      });
      active.inc();
      let open = true;
      const close = () => {
        if (open) active.dec();
        open = false;
      };
      return {
        async next() {
          const step = await events.next();
          if (step.done) close();
          if (step.done || !step.value.errors) return step;
          return { done: false as const, value: { ...step.value, errors: mask(step.value.errors) } };
        },
        async return() {
          close();
          return (await events.return?.()) ?? { done: true as const, value: undefined };
        },
        // Without it graphql-sse takes this for no stream that it could end, and leaves it open for ever.
        async throw(error: unknown) {
          close();
          await events.return?.();
          throw error;
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}

/** An error that was formatted for JSON, as the protocols want it: able to write itself. */
function revived({ message, path, extensions }: GraphQLFormattedError): GraphQLError {
  return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
}
