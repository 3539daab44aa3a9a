import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Waiting comes first, so that the rest can wait for a lock (the very first change of a new file to WAL cannot).
 *  With synchronous=FULL a commit is on the disk before it is acknowledged. */
const SETTINGS =
  'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON';

/** Opens the SQLite file at `path`, making it and its folder at the first start. */
export function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  db.exec(SETTINGS);
  return db;
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
