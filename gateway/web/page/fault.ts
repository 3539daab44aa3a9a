import type { CombinedError } from '@urql/core';

/** Why something was not done: a code of the gateway's closed list, or one of the page's own for an answer that never came. */
export type Fault = {
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

type ToldError = {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

export const UNREACHABLE: Fault = { code: 'UNREACHABLE', message: 'No answer came' };

export function faultOf({ message, extensions }: ToldError): Fault {
  const { code, retryAfterSeconds } = extensions ?? {};
  return {
    code: typeof code === 'string' ? code : 'INTERNAL',
    message,
    ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
  };
}

export function faultsOf(error: CombinedError | undefined): Fault[] {
  if (!error) return [];
  return error.graphQLErrors.length > 0 ? error.graphQLErrors.map(faultOf) : [UNREACHABLE];
}

/** Faults that pass: the same once more may succeed. */
const PASSING = new Set([
  'UNREACHABLE',
  'OVERLOADED',
  'RATE_LIMITED',
  'MODEL_UNAVAILABLE',
  'ICU_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
]);

export const mayPass = ({ code }: Fault): boolean => PASSING.has(code);

/** Whether somebody may want to try again: after what passes, and what is not the request's own fault. */
export const isWorthATry = (fault: Fault): boolean => mayPass(fault) || fault.code === 'INTERNAL';

/** Seconds to wait before the n-th further try, from 1 on: what the server asks for, else twice as long each time. */
export function patience(tries: number, fault: Fault): number {
  return fault.retryAfterSeconds ?? Math.min(8, 2 ** (tries - 1) / 2);
}
