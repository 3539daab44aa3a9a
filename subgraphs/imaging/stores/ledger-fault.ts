import { RadiographError } from '#common/errors.ts';

/** When to come back to a database that is away. */
const RETRY_AFTER_SECONDS = 5;

/** SQLSTATEs of a transaction that was rolled back for the sake of another one: it can run again as it is. */
const ROLLED_BACK = new Set(['40001', '40P01']);

/** What says that no answer came over the connection: errors of the socket, of the pool, and the server's own (it shuts
 *  down, it starts, it has no connection left). Whether the statement ran is unknown. */
const AWAY =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|57P0[1235]|53300)$/;
const AWAY_IN_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered)/;
const DISK_FULL = '53100';
const TOO_SLOW = '57014';
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

export function wasRolledBack(error: unknown): boolean {
  return ROLLED_BACK.has(codeOf(error));
}

export function isAway(error: unknown): boolean {
  return AWAY.test(codeOf(error)) || AWAY_IN_WORDS.test(String((error as Error | undefined)?.message));
}

/** Tells faults that pass as such; any other stays as it is. */
export function ledgerFault(error: unknown): unknown {
  const { errcode } = error as { errcode?: number };
  const isFull = errcode === SQLITE_FULL || codeOf(error) === DISK_FULL;
  const passes = errcode === SQLITE_BUSY || codeOf(error) === TOO_SLOW;
  if (!isFull && !passes && !isAway(error) && !wasRolledBack(error)) return error;
  const message = isFull ? 'The storage is full' : 'The ledger cannot answer now';
  return new RadiographError('OVERLOADED', `${message}; try again later`, {
    cause: error,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '');
}
