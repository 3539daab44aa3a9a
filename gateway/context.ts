import { randomUUID } from 'node:crypto';
import { deadlineSignal } from '#common/deadline.ts';
import type { Caller } from './guard/caller.ts';

/** Where an operation comes from, as its transport knows it. */
export type Origin = {
  readonly caller: Caller;
  /** The caller's own request id; taken when it is harmless in a log. */
  readonly requestId?: string | string[] | undefined;
  /** Aborts when the caller is gone. */
  readonly gone?: AbortSignal | undefined;
};

/** What one operation carries through the gateway. */
export type GatewayContext = {
  readonly requestId: string;
  readonly caller: Caller;
  /** ms since 1970 by which the answer has to be there. */
  readonly answerBy: number;
  readonly signal: AbortSignal;
};

const REQUEST_ID = /^[\w.-]{1,64}$/;

export function createContext(requestMs: number, { caller, requestId: given, gone }: Origin): GatewayContext {
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  return { requestId, caller, answerBy: Date.now() + requestMs, signal: deadlineSignal(requestMs, gone) };
}
