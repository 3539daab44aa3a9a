import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { Caller } from '#common/caller.ts';
import type { GatewayContext } from '../context.ts';
import type { Federation } from '../execution/federation.ts';
import type { RawObject } from '../execution/raw-data.ts';
import { type SubgraphSources, subgraphsFor } from '../upstream/subgraph-sources.ts';
import type { Upstream } from './upstream.ts';

export type SubscriptionRequest = {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables: Record<string, unknown>;
  readonly caller: Caller;
  readonly requestId: string;
  readonly context: () => GatewayContext;
};

/** Runs a subscription under one version of the supergraph, which it keeps. The planner splits it into `primary` (the
 *  owning subgraph's stream) and `rest` (what other subgraphs add): each event is what is known when `rest` begins.
 *  A result without `data` says that the stream itself has failed; it is the last one.
 *  @throws GraphQLError when the document holds no subscription */
export function federatedSubscription(
  federation: Federation,
  sources: SubgraphSources,
  upstream: Upstream,
  { document, operationName, variables, caller, requestId, context }: SubscriptionRequest,
): AsyncIterableIterator<ExecutionResult> {
  const planned = federation.planned(document, operationName);
  const { node } = planned;
  if (node?.kind !== 'Subscription') throw new GraphQLError('Expected a subscription');
  const { primary, rest } = node;
  const events = upstream.open(primary.serviceName, {
    query: primary.operation,
    variables: Object.fromEntries((primary.variableUsages ?? []).map((name) => [name, variables[name]])),
    ...(primary.operationName && { operationName: primary.operationName }),
    // The connection is the gateway's own; for whom each subscription on it is opened stands here.
    extensions: {
      caller: { subject: caller.subject, scopes: caller.scopes === 'all' ? 'all' : [...caller.scopes] },
      requestId,
    },
  });
  return mapped(events, async ({ data, errors = [] }) => {
    const told = errors.map(asGraphQLError);
    // Nothing to join; shaping a null root would add an error of its own.
    if (data == null && errors.length > 0) return { data: null, errors: told };
    const begun = { data: (data ?? {}) as RawObject, errors: told };
    const ask = subgraphsFor(sources, context(), 'subscription');
    // Its variables were checked when it began.
    return planned.execute({ node: rest, variables, ask, begun });
  });
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
