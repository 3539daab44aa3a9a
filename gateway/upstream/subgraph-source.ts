import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import type { Logger } from 'pino';
import type { Caller } from '#common/caller.ts';
import { deadlineSignal } from '#common/deadline.ts';
import type { InternalTokens } from '#common/internal-token.ts';
import { requestIdOf } from '#common/request-id.ts';
import type { GatewayContext } from '../context.ts';
import type { UpstreamMetrics } from '../gateway-metrics.ts';
import { patiently } from './patience.ts';
import { retryBudget } from './retry-budget.ts';
import type { SharedReads } from './shared-reads.ts';
import { subgraphBreaker } from './subgraph-breaker.ts';
import { type SubgraphAnswer, type SubgraphRequest, subgraphExchange } from './subgraph-exchange.ts';
import { asGraphQLError, faultOfAbort, SubgraphFault } from './subgraph-fault.ts';

export type SubgraphSource = GraphQLDataSource & AsyncDisposable;

export type SubgraphSourceOptions = {
  readonly metrics: UpstreamMetrics;
  readonly logger: Logger;
  /** One for all subgraphs: what a mutation changes in one may show in another. */
  readonly reads: SharedReads<SubgraphAnswer>;
  readonly tokens: InternalTokens;
  readonly longestAnswerBytes?: number;
};

/** Who asks where no context says so: may do nothing. */
const NOBODY: Caller = { subject: 'nobody', scopes: new Set(), until: Number.POSITIVE_INFINITY };

/** For what the gateway asks on its own account. */
const WITHOUT_REQUEST_MS = 5_000;

/** Asks one subgraph. Apollo's own data source has no timeout and costs twice the CPU.
 *  Errors of the subgraph's resolvers come back in `errors`; that it cannot be reached is thrown, so that the plan
 *  goes on with nulls and the caller sees a code of the closed list. */
export function subgraphSource(
  name: string,
  base: string,
  { metrics, logger, reads, tokens, longestAnswerBytes }: SubgraphSourceOptions,
): SubgraphSource {
  const exchange = subgraphExchange(`${base}/graphql`, longestAnswerBytes);
  const breaker = subgraphBreaker((state) => metrics.breakerState.set({ subgraph: name }, state));
  const budget = retryBudget();
  const retrying = (allowed: boolean) =>
    metrics.subgraphRetries.inc({ subgraph: name, outcome: allowed ? 'sent' : 'over_budget' });

  const ask = async (
    asked: SubgraphRequest,
    idempotent: boolean,
    signal: AbortSignal,
  ): Promise<SubgraphAnswer> => {
    const end = metrics.subgraphSeconds.startTimer({ subgraph: name });
    const attempt = () => breaker.run(() => exchange.send(asked, signal));
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
    async process(options) {
      const { query, variables, operationName } = options.request;
      const context = options.context as Partial<GatewayContext>;
      const answerBy = context.answerBy ?? Date.now() + WITHOUT_REQUEST_MS;
      const signal = context.signal ?? deadlineSignal(WITHOUT_REQUEST_MS);
      const asked: SubgraphRequest = {
        body: JSON.stringify({ query, variables, operationName }),
        requestId: requestIdOf(context.requestId),
        answerBy,
        forwarded: context.forwarded ?? {},
        authorization: `Bearer ${await tokens(context.caller ?? NOBODY, name)}`,
      };
      const idempotent = READ.test(query ?? '');
      try {
        if (context.shareReadsAs === undefined || !idempotent || !isOfQuery(options)) {
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

/** The planner writes the operation first. What is not known to be a read counts as a mutation. */
const READ = /^\s*(query\b|\{)/;

/** A mutation's own reads, and those of a subscription's event, must see what they follow: they share nothing. */
function isOfQuery(options: GraphQLDataSourceProcessOptions): boolean {
  return (
    'incomingRequestContext' in options && options.incomingRequestContext.operation?.operation === 'query'
  );
}
