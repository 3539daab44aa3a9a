import { setTimeout as pause } from 'node:timers/promises';
import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import { GraphQLError } from 'graphql';
import type { Histogram } from 'prom-client';
import { Agent, request } from 'undici';
import { DEADLINE_HEADER, deadlineSignal } from '#common/deadline.ts';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import type { GatewayContext } from '../context.ts';

/** Below the subgraphs' own idle time: a socket that they close first would be used once more and fail. */
const agent = () =>
  new Agent({ keepAliveTimeout: 30_000, connections: 64, headersTimeout: 0, bodyTimeout: 0 });

const FIRST_PAUSE_MS = 100;
/** A subgraph that is being restarted is back by then. */
const PATIENCE_MS = 4_000;
/** Nothing of the request was read, so that even a mutation may be sent again. */
const NEVER_REACHED = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT']);
const BROKEN_OFF = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export type SubgraphSource = GraphQLDataSource & AsyncDisposable;

/** Asks one subgraph. Apollo's own data source has no timeout and costs twice the CPU.
 *  Errors of the subgraph's resolvers come back in `errors`; that it cannot be reached is thrown, so that the plan
 *  goes on with nulls and the caller sees a code of the closed list. */
export function subgraphSource(
  name: string,
  base: string,
  seconds: Histogram<'subgraph' | 'outcome'>,
): SubgraphSource {
  const dispatcher = agent();
  const url = `${base}/graphql`;

  const send = async (options: GraphQLDataSourceProcessOptions): Promise<GatewayGraphQLResponse> => {
    const { query, variables, operationName } = options.request;
    const context = options.context as Partial<GatewayContext>;
    const left = Math.max(1, (context.answerBy ?? Date.now() + 5_000) - Date.now());
    const answer = await request(url, {
      method: 'POST',
      dispatcher,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-request-id': context.requestId ?? '',
        [DEADLINE_HEADER]: String(left),
      },
      body: JSON.stringify({ query, variables, operationName }),
      signal: deadlineSignal(left, context.signal),
    });
    const body = (await answer.body.json()) as GatewayGraphQLResponse;
    if (body.data === undefined && body.errors === undefined)
      throw new Error(`${name} answered without data or errors`);
    return body;
  };

  return {
    async process(options) {
      const end = seconds.startTimer({ subgraph: name });
      const isMutation = options.request.query?.trimStart().startsWith('mutation') ?? false;
      const patientUntil = Date.now() + PATIENCE_MS;
      for (let wait = FIRST_PAUSE_MS; ; wait *= 2) {
        try {
          const answer = await send(options);
          end({ outcome: answer.errors ? 'errors' : 'ok' });
          return answer;
        } catch (error) {
          const code = (error as NodeJS.ErrnoException).code ?? '';
          const again = NEVER_REACHED.has(code) || (BROKEN_OFF.has(code) && !isMutation);
          if (!again || Date.now() + wait > patientUntil) {
            end({ outcome: 'unreachable' });
            throw asGraphQLError(name, error);
          }
          await pause(wait);
        }
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}

/** What a caller is told of a subgraph that cannot be reached. */
const UNREACHABLE: Record<string, { code: ErrorCode; message: string }> = {
  imaging: { code: 'OVERLOADED', message: 'The imaging service cannot answer now; try again later' },
  heatmap: { code: 'OVERLOADED', message: 'The heatmap service cannot answer now; try again later' },
  icu: { code: 'ICU_UNAVAILABLE', message: 'The ICU risk service cannot answer now; try again later' },
};

function asGraphQLError(name: string, cause: unknown): GraphQLError {
  const late =
    cause instanceof DOMException || (cause instanceof RadiographError && cause.code === 'DEADLINE_EXCEEDED');
  const { code, message } = late
    ? { code: 'DEADLINE_EXCEEDED', message: `The ${name} service did not answer in time` }
    : (UNREACHABLE[name] ?? { code: 'INTERNAL', message: 'A service cannot answer now' });
  return new GraphQLError(message, {
    originalError: cause as Error,
    extensions: { code, serviceName: name },
  });
}
