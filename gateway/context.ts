import { deadlineSignal } from '#common/deadline.ts';
import { requestIdOf } from '#common/request-id.ts';
import type { ForwardedHeaders } from './upstream/forwarded-headers.ts';

/** What one operation carries through the gateway. */
export type GatewayContext = Asker & {
  readonly requestId: string;
  /** ms since 1970 by which the answer has to be there. */
  readonly answerBy: number;
  readonly signal: AbortSignal;
};

/** Who asks. */
export type Asker = {
  /** Names the caller: equal reads in flight under one name are sent to a subgraph once. Without a name nothing is
   *  shared, so that whoever forgets to say who asks shows nobody another's data. */
  readonly shareReadsAs?: string;
  readonly forwarded?: ForwardedHeaders;
};

/** @param given the caller's own request id; taken when it is harmless in a log */
export function createContext(
  requestMs: number,
  given?: string | string[],
  gone?: AbortSignal,
  asker: Asker = {},
): GatewayContext {
  return {
    ...asker,
    requestId: requestIdOf(given),
    answerBy: Date.now() + requestMs,
    signal: deadlineSignal(requestMs, gone),
  };
}
