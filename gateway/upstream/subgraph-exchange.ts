import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import { Pool } from 'undici';
import { DEADLINE_HEADER } from '#common/deadline.ts';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';
import { requestScope } from '#common/request-scope.ts';
import type { ForwardedHeaders } from './forwarded-headers.ts';
import { faultOfAbort, SubgraphFault } from './subgraph-fault.ts';

export type SubgraphRequest = {
  /** The GraphQL request as JSON. */
  readonly body: string;
  readonly requestId: string;
  /** ms since 1970. */
  readonly answerBy: number;
  readonly forwarded: ForwardedHeaders;
  /** "Bearer …": tells the subgraph for whom the gateway asks. */
  readonly authorization: string;
};

/** An answer with the text that it was read from: who shares it needs a copy, since the gateway joins in place. */
export type SubgraphAnswer = { readonly text: string; readonly result: GatewayGraphQLResponse };

const CONNECT_MS = 2_000;
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;
/** A proxy in front of the subgraph, or the subgraph itself while it drains; it did no work. */
const NOT_NOW = new Set([502, 503]);

/** Sends single requests to one subgraph over connections that are kept.
 *  @throws SubgraphFault */
export function subgraphExchange(url: string, longestAnswerBytes = LONGEST_ANSWER_BYTES) {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, {
    connections: 64,
    connect: { timeout: CONNECT_MS },
    // Below the subgraphs' own idle time (75 s), whatever they offer: a socket that they close first would be used
    // once more and fail.
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 30_000,
    // The deadline rules.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: longestAnswerBytes,
  });

  return {
    async send(asked: SubgraphRequest, signal: AbortSignal): Promise<SubgraphAnswer> {
      const began = Date.now();
      const span = requestScope()?.span;
      try {
        const { statusCode, body } = await pool.request({
          path: pathname,
          method: 'POST',
          headers: {
            ...asked.forwarded,
            ...(span && { traceparent: span.traceparent }),
            authorization: asked.authorization,
            'content-type': 'application/json',
            accept: 'application/json',
            [REQUEST_ID_HEADER]: asked.requestId,
            [DEADLINE_HEADER]: String(Math.max(1, asked.answerBy - began)),
          },
          body: asked.body,
          signal,
        });
        span?.set({ 'http.response.status_code': statusCode });
        if (NOT_NOW.has(statusCode) || statusCode === 504) {
          await body.dump();
          // At 504 a proxy gave up waiting: the subgraph may still be at work.
          throw new SubgraphFault(
            statusCode === 504 ? 'late' : 'unreachable',
            `Answered ${statusCode}`,
            Date.now() - began,
          );
        }
        const text = await body.text();
        return { text, result: usable(text, statusCode) };
      } catch (error) {
        if (error instanceof SubgraphFault) throw error;
        if (signal.aborted) throw faultOfAbort(signal, Date.now() - began);
        throw asFault(error);
      }
    },
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

function usable(text: string, statusCode: number): GatewayGraphQLResponse {
  try {
    const result = JSON.parse(text) as GatewayGraphQLResponse | null;
    if (result?.data !== undefined || result?.errors !== undefined) return result;
  } catch {
    // Not JSON: an error page, say. It is not repeated, since it may hold anything.
  }
  throw new SubgraphFault(
    'unusable',
    `Expected a GraphQL result, got something else with status ${statusCode}`,
  );
}

function asFault(cause: unknown): SubgraphFault {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new SubgraphFault('too_large', 'The answer is too long', 0, { cause });
  return new SubgraphFault('unreachable', `No answer: ${code}`, 0, { cause });
}
