import type { Caller } from '#common/caller.ts';
import { deadlineSignal } from '#common/deadline.ts';
import { requestIdOf } from '#common/request-id.ts';
import type { StagedUploads } from './uploads/staged-uploads.ts';
import type { ForwardedHeaders } from './upstream/forwarded-headers.ts';

/** Where an operation comes from, as its transport knows it. */
export type Origin = Asker & {
  readonly caller: Caller;
  /** The caller's own request id; taken when it is harmless in a log. */
  readonly requestId?: string | string[] | undefined;
  /** Aborts when the caller is gone. */
  readonly gone?: AbortSignal | undefined;
};

/** What one operation carries through the gateway. */
export type GatewayContext = Asker & {
  readonly requestId: string;
  readonly caller: Caller;
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
  /** The files that came with the operation. */
  readonly uploads?: StagedUploads | undefined;
};

export function createContext(requestMs: number, { requestId, gone, ...origin }: Origin): GatewayContext {
  return {
    ...origin,
    requestId: requestIdOf(requestId),
    answerBy: Date.now() + requestMs,
    signal: deadlineSignal(requestMs, gone),
  };
}
