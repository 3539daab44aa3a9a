import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  print,
  specifiedRules,
  validate,
} from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { WebSocketServer } from 'ws';
import { publicErrors } from '#common/errors-in-graphql.ts';
import { createContext, type GatewayContext } from '../context.ts';
import { operationLimits } from '../guard/operation-limits.ts';
import type { FederatedSubscriptions } from './federated-subscription.ts';

export type TransportOptions = {
  readonly apollo: ApolloServer<GatewayContext>;
  /** The subscriptions of the supergraph that is in force now. */
  readonly current: () => FederatedSubscriptions;
  readonly requestMs: number;
  readonly logger: Logger;
  readonly active: Gauge;
};

const PING_MS = 12_000;
const SOCKET_MESSAGE_BYTES = 1024 * 1024;

/** Opens graphql-ws on `/graphql` and server-sent events (distinct connections) on `POST /graphql`. Both run the
 *  same operations under the same rules as plain HTTP. */
export function openTransports(http: FastifyInstance, options: TransportOptions): AsyncDisposable {
  const operations = sharedOperations(options);
  const sockets = new WebSocketServer({
    server: http.server,
    path: '/graphql',
    maxPayload: SOCKET_MESSAGE_BYTES,
  });
  const webSocket = useServer(operations, sockets, PING_MS);
  const serverSentEvents = createHandler(operations);
  http.addHook('preHandler', async (request, reply) => {
    const wanted = request.headers.accept?.includes('text/event-stream');
    if (!wanted || request.method !== 'POST' || request.routeOptions.url !== '/graphql') return;
    await serverSentEvents(request, reply);
    return reply.hijack();
  });
  return {
    async [Symbol.asyncDispose]() {
      await webSocket.dispose();
    },
  };
}

function sharedOperations({ apollo, current, requestMs, logger, active }: TransportOptions) {
  const mask = (errors: readonly GraphQLError[]) => publicErrors(errors, logger);
  const masked = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: mask(result.errors) } : result;

  return {
    schema: () => current().schema,
    context: () => createContext(requestMs),
    validate: (schema: GraphQLSchema, document: DocumentNode) =>
      mask(validate(schema, document, [...specifiedRules, operationLimits])),

    async execute({ document, variableValues, operationName }: ExecutionArgs) {
      const request = {
        query: print(document),
        variables: variableValues ?? {},
        ...(operationName && { operationName }),
      };
      const { body } = await apollo.executeOperation(request, { contextValue: createContext(requestMs) });
      if (body.kind === 'single') return body.singleResult as ExecutionResult;
      throw new Error('Expected one result');
    },

    async subscribe({ document, variableValues, operationName }: ExecutionArgs) {
      const { schema, subscribe } = current();
      const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
      const checked = getVariableValues(schema, definitions, variableValues ?? {});
      if (checked.errors) return { errors: mask(checked.errors) };
      const events = subscribe({
        document,
        operationName,
        variables: checked.coerced,
        // Each event has the whole time of a request.
        context: () => createContext(requestMs),
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
          return step.done ? step : { done: false as const, value: masked(step.value) };
        },
        async return() {
          close();
          return (await events.return?.()) ?? { done: true as const, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}
