import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { RadiographError } from '#common/errors.ts';

const SQLITE_BUSY = 5;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
const RETRY_AFTER_SECONDS = 5;

/** Does what writes as soon as no other process does, an import for example. SQLite itself waits for the lock in the
 *  thread that answers every request.
 *  @param waitMs at most
 *  @throws RadiographError OVERLOADED when the lock is held for longer; nothing was done then */
export async function whenUnlocked<T>(db: DatabaseSync, waitMs: number, work: () => T): Promise<T> {
  const until = performance.now() + waitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    try {
      return atOnce(db, work);
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > until)
        throw new RadiographError('OVERLOADED', 'Others are writing observations; try again later', {
          cause: error,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
    }
    await pause(pauseMs);
  }
}

/** Does not wait for a lock; reads do, as before, since none that they need is held for long. */
function atOnce<T>(db: DatabaseSync, work: () => T): T {
  const waits = Number(db.prepare('PRAGMA busy_timeout').get()?.timeout);
  db.exec('PRAGMA busy_timeout = 0');
  try {
    return work();
  } finally {
    db.exec(`PRAGMA busy_timeout = ${waits}`);
  }
}

/** The low byte is the code; the rest tells which lock it was. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === SQLITE_BUSY;
}
