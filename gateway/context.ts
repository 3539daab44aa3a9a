import { randomUUID } from 'node:crypto';
import { deadlineSignal } from '#common/deadline.ts';

/** What one operation carries through the gateway. */
export type GatewayContext = {
  readonly requestId: string;
  /** ms since 1970 by which the answer has to be there. */
  readonly answerBy: number;
  readonly signal: AbortSignal;
};

const REQUEST_ID = /^[\w.-]{1,64}$/;

/** @param given the caller's own request id; taken when it is harmless in a log */
export function createContext(
  requestMs: number,
  given?: string | string[],
  gone?: AbortSignal,
): GatewayContext {
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  return { requestId, answerBy: Date.now() + requestMs, signal: deadlineSignal(requestMs, gone) };
}
