import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** With synchronous=FULL a commit is on the disk before it is acknowledged; with secure_delete what is deleted is
 *  overwritten. */
const SETTINGS = 'PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON';

const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 5;
const SQLITE_BUSY = 5;

/** In a data folder while it is made of a backup. */
export const RESTORING = '.restoring';

/** Opens the SQLite file at `path`, making it and its folder at the first start.
 *  @throws Error while the folder is made of a backup: a new file would take the place of the one that is to come */
export function openDatabase(path: string): DatabaseSync {
  const folder = dirname(path);
  if (existsSync(join(folder, RESTORING)))
    throw new Error('A restore into this data folder was not ended: do it again');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
  toWriteAheadLog(db);
  db.exec(SETTINGS);
  return db;
}

/** SQLite does not wait for a lock by itself when a new file changes to WAL, as it does everywhere else. */
function toWriteAheadLog(db: DatabaseSync): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (const until = Date.now() + LOCK_WAIT_MS; ; ) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      const { errcode } = error as { errcode?: number };
      if (errcode !== SQLITE_BUSY || Date.now() > until) throw error;
      Atomics.wait(sleeper, 0, 0, LOCK_POLL_MS);
    }
  }
}

/** Does `work` under the write lock: all of it is kept or, when it throws, none. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some faults (a full disk): a second time would hide the first cause.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
