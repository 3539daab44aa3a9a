import type { ApolloServer } from '@apollo/server';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  print,
} from 'graphql';
import type { Logger } from 'pino';
import type { Counter, Gauge } from 'prom-client';
import { publicErrors } from '#common/errors-in-graphql.ts';
import { requestIdOf } from '#common/request-id.ts';
import { inScope, type RequestScope, requestScope, type Tracing } from '#common/request-scope.ts';
import { createContext, type GatewayContext, type Origin } from '../context.ts';
import type { Federation } from '../execution/federation.ts';
import { type DocumentCache, documentCache } from '../guard/document-cache.ts';
import type { OperationGuard } from '../guard/operation-guard.ts';
import type { SubgraphSources } from '../upstream/subgraph-sources.ts';
import {
  type CheckedOperation,
  checkedOperation,
  type OperationRequest,
  withCode,
} from './checked-operation.ts';
import { federatedSubscription } from './federated-subscription.ts';
import { tokenRanOut, untilTokenEnds } from './token-end.ts';
import type { Upstream } from './upstream.ts';

export type OperationOptions = {
  readonly apollo: ApolloServer<GatewayContext>;
  /** The supergraph that is in force now. */
  readonly current: () => Federation;
  readonly sources: SubgraphSources;
  readonly upstream: Upstream;
  readonly guard: OperationGuard;
  readonly requestMs: number;
  readonly logger: Logger;
  readonly active: Gauge;
  readonly counted: Counter<'kind' | 'code'>;
  readonly events: Counter<'outcome'>;
  readonly tracing: Tracing;
  /** Subscriptions of this process, over all its transports. */
  readonly mostSubscriptions: number;
};

/** The one pipeline of every transport that streams. Errors that it gives are fit for the caller. */
export type SharedOperations = {
  /** Parses and checks under the rules of plain HTTP. */
  check(request: OperationRequest, origin: Origin): CheckedOperation | GraphQLError[];
  /** Runs a query or mutation through the GraphQL server. */
  execute(operation: CheckedOperation): Promise<ExecutionResult>;
  /** @returns the stream, or one result with errors when it is not opened */
  subscribe(operation: CheckedOperation): AsyncIterableIterator<ExecutionResult> | ExecutionResult;
};

export function sharedOperations(options: OperationOptions): SharedOperations {
  const { apollo, current, sources, upstream, guard, requestMs, logger } = options;
  const { active, counted, events: handed, mostSubscriptions } = options;
  const mask = (errors: readonly GraphQLError[]) => publicErrors(errors, logger);
  const refused = (kind: string, errors: readonly GraphQLError[]) => {
    const told = mask(errors);
    counted.inc({ kind, code: String(told[0]?.extensions.code) });
    return told;
  };
  const known = new WeakMap<GraphQLSchema, DocumentCache>();
  const documentsOf = (schema: GraphQLSchema) => {
    const documents = known.get(schema) ?? documentCache();
    known.set(schema, documents);
    return documents;
  };
  let open = 0;

  return {
    check(request, origin) {
      // A socket outlives the token that opened it.
      if (Date.now() > origin.caller.until) return refused('unknown', [tokenRanOut()]);
      const { schema } = current();
      const operation = checkedOperation(schema, request, origin, guard, documentsOf(schema));
      return Array.isArray(operation) ? refused('unknown', operation) : operation;
    },

    async execute({ document, variableValues, operationName, contextValue }) {
      const request = {
        // The text itself: the server knows its document by it.
        query: document.loc?.source.body ?? print(document),
        variables: variableValues ?? {},
        ...(operationName && { operationName }),
      };
      const context = createContext(requestMs, contextValue);
      const kind = getOperationAST(document, operationName)?.operation ?? 'unknown';
      const scope = scopeOf(options.tracing, kind, context.requestId);
      const { body } = await inScope(scope, () =>
        apollo.executeOperation(request, { contextValue: context }),
      ).finally(() => scope.span?.end());
      if (body.kind !== 'single') throw new Error('Expected one result');
      const { data, errors } = body.singleResult;
      return { ...(data !== undefined && { data }), ...(errors && { errors: errors.map(revived) }) };
    },

    subscribe({ document, variableValues, operationName, contextValue }) {
      const federation = current();
      const { schema } = federation;
      const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
      const { hideSuggestions } = guard;
      const checked = getVariableValues(schema, definitions, variableValues ?? {}, { hideSuggestions });
      if (checked.errors) {
        const errors = checked.errors.map((error) => withCode(error, 'BAD_USER_INPUT'));
        return { errors: refused('subscription', errors) };
      }
      if (open >= mostSubscriptions) return { errors: refused('subscription', [tooMany()]) };
      const requestId = requestIdOf(contextValue.requestId);
      const scope = scopeOf(options.tracing, 'subscription', requestId);
      const events = federatedSubscription(federation, sources, upstream, {
        document,
        operationName,
        variables: checked.coerced,
        caller: contextValue.caller,
        requestId,
        // Each event has the whole time of a request.
        context: () => createContext(requestMs, { ...contextValue, requestId }),
      });
      counted.inc({ kind: 'subscription', code: 'OK' });
      open += 1;
      active.inc();
      const told = within(scope, masked(events, mask), ({ errors }) =>
        handed.inc({ outcome: errors ? 'errors' : 'ok' }),
      );
      return untilTokenEnds(told, contextValue.caller.until, () => {
        open -= 1;
        active.dec();
        scope.span?.end();
      });
    },
  };
}

/** In the trace of its HTTP request; an operation on a socket begins one of its own. */
function scopeOf(tracing: Tracing, kind: string, requestId: string): RequestScope {
  const start = { kind: 'server' as const, attributes: { 'graphql.operation.type': kind } };
  const above = requestScope()?.span;
  const span = above ? above.child(kind, { ...start, kind: 'internal' }) : tracing.begin(kind, start);
  return { requestId, span };
}

/** The same events, each brought about on behalf of the request. */
function within(
  scope: RequestScope,
  events: AsyncIterableIterator<ExecutionResult>,
  told: (event: ExecutionResult) => void,
): AsyncIterableIterator<ExecutionResult> {
  return {
    async next() {
      const step = await inScope(scope, () => events.next());
      if (!step.done) told(step.value);
      return step;
    },
    return: async () => (await events.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function tooMany(): GraphQLError {
  return new GraphQLError('Too many subscriptions are open; subscribe again later', {
    extensions: { code: 'OVERLOADED' },
  });
}

function masked(
  events: AsyncIterableIterator<ExecutionResult>,
  mask: (errors: readonly GraphQLError[]) => GraphQLError[],
): AsyncIterableIterator<ExecutionResult> {
  return {
    async next() {
      const step = await events.next();
      if (step.done || !step.value.errors) return step;
      return { done: false, value: { ...step.value, errors: mask(step.value.errors) } };
    },
    return: async () => (await events.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An error that was formatted for JSON, as the protocols want it: able to write itself. */
function revived({ message, path, extensions }: GraphQLFormattedError): GraphQLError {
  return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
}
