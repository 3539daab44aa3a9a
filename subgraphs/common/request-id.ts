import { randomUUID } from 'node:crypto';

/** Header that carries the id of a request from the caller through the gateway to the subgraphs and back. */
export const REQUEST_ID_HEADER = 'x-request-id';

const HARMLESS_IN_A_LOG = /^[\w.-]{1,64}$/;

/** @param given the caller's own id, taken when it is 1 to 64 letters, digits, `_`, `.` or `-`; else one is made */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && HARMLESS_IN_A_LOG.test(given) ? given : randomUUID();
}
