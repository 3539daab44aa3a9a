import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import type { OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import type { InternalTokens } from '#common/internal-token.ts';
import { traced } from '#common/request-scope.ts';
import type { GatewayContext } from '../context.ts';
import type { UpstreamMetrics } from '../gateway-metrics.ts';
import { patiently } from './patience.ts';
import { retryBudget } from './retry-budget.ts';
import type { SharedReads } from './shared-reads.ts';
import { subgraphBreaker } from './subgraph-breaker.ts';
import { type SubgraphAnswer, type SubgraphRequest, subgraphExchange } from './subgraph-exchange.ts';
import { asGraphQLError, faultOfAbort, SubgraphFault } from './subgraph-fault.ts';

/** An operation for a subgraph, as a plan holds it: the same object each time that the plan runs. */
export type SubgraphOperation = {
  readonly operation: string;
  readonly operationName?: string | undefined;
  readonly operationKind: `${OperationTypeNode}`;
};

export type SubgraphSource = AsyncDisposable & {
  /** Errors of the subgraph's resolvers come back in `errors`.
   *  @param within what the client's operation is
   *  @throws GraphQLError with a code of the closed list when the subgraph gives no answer */
  ask(
    operation: SubgraphOperation,
    variables: Readonly<Record<string, unknown>>,
    context: GatewayContext,
    within: `${OperationTypeNode}`,
  ): Promise<GatewayGraphQLResponse>;
};

export type SubgraphSourceOptions = {
  readonly metrics: UpstreamMetrics;
  readonly logger: Logger;
  /** One for all subgraphs: what a mutation changes in one may show in another. */
  readonly reads: SharedReads<SubgraphAnswer>;
  readonly tokens: InternalTokens;
  readonly longestAnswerBytes?: number;
};

/** Asks one subgraph. Apollo's own data source has no timeout and costs twice the CPU. */
export function subgraphSource(
  name: string,
  base: string,
  { metrics, logger, reads, tokens, longestAnswerBytes }: SubgraphSourceOptions,
): SubgraphSource {
  const exchange = subgraphExchange(`${base}/graphql`, longestAnswerBytes);
  const breaker = subgraphBreaker((state) => metrics.breakerState.set({ subgraph: name }, state));
  const budget = retryBudget();
  const span = {
    kind: 'client' as const,
    attributes: { 'http.request.method': 'POST', 'peer.service': name },
  };
  const retrying = (allowed: boolean) =>
    metrics.subgraphRetries.inc({ subgraph: name, outcome: allowed ? 'sent' : 'over_budget' });

  const ask = async (
    asked: SubgraphRequest,
    idempotent: boolean,
    signal: AbortSignal,
  ): Promise<SubgraphAnswer> => {
    const end = metrics.subgraphSeconds.startTimer({ subgraph: name });
    const attempt = () =>
      breaker.run(() => traced('POST /graphql', span, () => exchange.send(asked, signal)));
    try {
      const { answerBy } = asked;
      const answer = await patiently(attempt, { idempotent, answerBy, signal, budget, retrying });
      end({ outcome: answer.result.errors ? 'errors' : 'ok' });
      return answer;
    } catch (error) {
      const outcome = error instanceof SubgraphFault ? error.kind : 'broken';
      end({ outcome });
      // A refusal follows from faults that were told already.
      if (outcome !== 'refused' && outcome !== 'abandoned')
        logger.warn({ subgraph: name, outcome, requestId: asked.requestId }, 'subgraph gave no answer');
      throw error;
    }
  };

  return {
    async ask(operation, variables, context, within) {
      const { answerBy, signal } = context;
      const asked: SubgraphRequest = {
        body: `${headOf(operation)}${JSON.stringify(variables)}}`,
        requestId: context.requestId,
        answerBy,
        forwarded: context.forwarded ?? {},
        authorization: `Bearer ${await tokens(context.caller, name)}`,
      };
      const idempotent = operation.operationKind === 'query';
      try {
        // A mutation's own reads, and those of a subscription's event, must see what they follow: they share nothing.
        if (context.shareReadsAs === undefined || !idempotent || within !== 'query') {
          if (!idempotent) reads.forget();
          return (await ask(asked, idempotent, signal)).result;
        }
        const key = `${JSON.stringify([name, context.shareReadsAs, asked.forwarded])}\n${asked.body}`;
        const start = (shared: AbortSignal) => ask(asked, idempotent, shared);
        const { answer, joined } = await reads.join(key, { signal, answerBy }, start);
        if (!joined) return answer.result;
        metrics.coalescedReads.inc({ subgraph: name });
        return JSON.parse(answer.text) as GatewayGraphQLResponse;
      } catch (error) {
        const fault = signal.aborted && !(error instanceof SubgraphFault) ? faultOfAbort(signal) : error;
        throw asGraphQLError(name, fault);
      } finally {
        if (!idempotent) reads.forget();
      }
    },
    [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
  };
}

const heads = new WeakMap<SubgraphOperation, string>();

/** The body of a request up to its variables. */
function headOf(asked: SubgraphOperation): string {
  const known = heads.get(asked);
  if (known !== undefined) return known;
  const { operation: query, operationName } = asked;
  const head = `${JSON.stringify({ query, operationName }).slice(0, -1)},"variables":`;
  heads.set(asked, head);
  return head;
}
