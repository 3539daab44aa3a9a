import { operationFromDocument, type Schema, Supergraph } from '@apollo/federation-internals';
import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway';
import { type PlanNode, QueryPlanner, type SubscriptionNode } from '@apollo/query-planner';
import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Caller } from '#common/caller.ts';
import type { GatewayContext } from '../context.ts';
import { withMissingValues } from '../plugins/missing-values.ts';
import type { Upstream } from './upstream.ts';

export type SubscriptionRequest = {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables: Record<string, unknown>;
  readonly caller: Caller;
  readonly context: () => GatewayContext;
};

/** One version of the supergraph, as subscriptions need it. A live subscription keeps the one it started with. */
export type FederatedSubscriptions = {
  readonly schema: GraphQLSchema;
  /** A result without `data` says that the stream itself has failed; it is the last one. */
  subscribe(request: SubscriptionRequest): AsyncIterableIterator<ExecutionResult>;
};

/** Runs subscriptions that @apollo/gateway plans but refuses to execute. Its planner splits one into `primary` (the
 *  owning subgraph's stream) and `rest` (what other subgraphs add); each event is executed as the ordinary plan
 *  "primary, then rest" in which the event in hand answers `primary`. Null propagation, error paths and result
 *  shaping stay the gateway's own code. */
export function federatedSubscriptions(
  schema: GraphQLSchema,
  supergraphSdl: string,
  services: ServiceMap,
  upstream: Upstream,
  logger: Logger,
): FederatedSubscriptions {
  const supergraph = Supergraph.build(supergraphSdl);
  const planner = new QueryPlanner(supergraph);
  const apiSchema = supergraph.apiSchema();
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();

  return {
    schema,
    subscribe({ document, operationName, variables, caller, context }) {
      const node = plannedSubscription(planner, apiSchema, document, operationName);
      const { primary } = node;
      const plan: PlanNode = { kind: 'Sequence', nodes: node.rest ? [primary, node.rest] : [primary] };
      const operationContext = buildOperationContext({
        schema,
        operationDocument: document,
        ...(operationName && { operationName }),
      });
      const events = upstream.open(primary.serviceName, {
        query: primary.operation,
        variables: Object.fromEntries((primary.variableUsages ?? []).map((name) => [name, variables[name]])),
        ...(primary.operationName && { operationName: primary.operationName }),
        // The connection is the gateway's own; for whom each subscription on it is opened stands here.
        extensions: {
          caller: { subject: caller.subject, scopes: caller.scopes === 'all' ? 'all' : [...caller.scopes] },
        },
      });

      const execute = async (event: ExecutionResult): Promise<ExecutionResult> => {
        // Nothing to join; shaping a null root would add an error of its own.
        if (event.data == null && event.errors)
          return { data: null, errors: event.errors.map(asGraphQLError) };
        const requestContext = {
          request: { variables, operationName: operationName ?? undefined },
          context: context(),
          document,
          logger,
          schema,
          cache: undefined,
        } as unknown as GatewayGraphQLRequestContext;
        const answered = withEvent(services, primary.serviceName, primary.operation, event);
        const queryPlan = { kind: 'QueryPlan' as const, node: plan };
        const result = await executeQueryPlan(
          queryPlan,
          answered,
          requestContext,
          operationContext,
          supergraphSchema,
          apiSchema,
        );
        return withMissingValues(result as ExecutionResult, logger);
      };
      return mapped(events, execute);
    },
  };
}

function plannedSubscription(
  planner: QueryPlanner,
  apiSchema: Schema,
  document: DocumentNode,
  operationName: string | null | undefined,
): SubscriptionNode {
  const operation = operationFromDocument(apiSchema, document, operationName ? { operationName } : {});
  const { node } = planner.buildQueryPlan(operation);
  if (node?.kind !== 'Subscription') throw new GraphQLError('Expected a subscription');
  return node;
}

/** The services, of which one answers the primary operation with the event in hand. */
function withEvent(
  services: ServiceMap,
  owner: string,
  operation: string,
  event: ExecutionResult,
): ServiceMap {
  const source = services[owner];
  if (!source) throw new Error(`The supergraph names no service ${owner}`);
  return {
    ...services,
    [owner]: {
      process: async (options) =>
        options.request.query === operation ? (event as object) : source.process(options),
    },
  };
}

/** Written by hand: in an async generator `return()` would wait behind a pending `next()` and leak the upstream. */
function mapped(
  events: AsyncIterableIterator<ExecutionResult>,
  execute: (event: ExecutionResult) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  let ended = false;
  const end = { done: true as const, value: undefined };
  return {
    async next() {
      if (ended) return end;
      try {
        const { done, value } = await events.next();
        if (done || ended) return end;
        const result = await execute(value);
        return ended ? end : { done: false, value: result };
      } catch (error) {
        if (ended) return end;
        ended = true;
        void events.return?.();
        // An upstream that refuses sends a list of errors; they were masked there.
        const refusal = Array.isArray(error);
        const errors = (refusal ? error : [error]).map(asGraphQLError);
        return { done: false, value: { ...(refusal && { data: null }), errors } };
      }
    },
    async return() {
      ended = true;
      // Not awaited: the subgraph may be gone, and the client must not wait for it.
      void events.return?.();
      return end;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const { message, extensions } = (error ?? {}) as { message?: string; extensions?: Record<string, unknown> };
  if (extensions?.code !== undefined)
    return new GraphQLError(message ?? 'The subscription failed', { extensions });
  return new GraphQLError('The service behind this subscription cannot answer now; subscribe again', {
    extensions: { code: 'OVERLOADED' },
  });
}
