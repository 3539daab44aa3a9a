import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, transaction } from '#common/sqlite.ts';

/** Each entry is one migration; `PRAGMA user_version` counts those that ran. Never change one that has landed.
 *  The first one may find its tables there: they are older than the count. */
const MIGRATIONS = [
  `
  CREATE TABLE IF NOT EXISTS patient (number INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS observation (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    patient INTEGER NOT NULL REFERENCES patient (number),
    code TEXT NOT NULL,
    value REAL NOT NULL,
    observed_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS observation_by_patient ON observation (patient, observed_at DESC, position DESC);
  CREATE TABLE IF NOT EXISTS icu_model (version INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, model TEXT NOT NULL) STRICT;
  `,
  `
  ALTER TABLE patient ADD COLUMN id TEXT;
  UPDATE patient SET id = CAST(number AS TEXT);
  CREATE UNIQUE INDEX patient_id ON patient (id);
  CREATE TABLE cohort (name TEXT PRIMARY KEY, added_to_last INTEGER NOT NULL) STRICT;
  CREATE TABLE observation_type (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL
  ) STRICT;
  CREATE TABLE training_case (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    cohort TEXT NOT NULL REFERENCES cohort (name),
    patient TEXT NOT NULL,
    features TEXT NOT NULL,
    admitted INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX training_case_by_cohort ON training_case (cohort, position);
  CREATE TABLE icu_training (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    version INTEGER REFERENCES icu_model (version),
    error TEXT
  ) STRICT;
  `,
];

/** Opens the ledger of the ICU subgraph, one file in the data folder, and brings its tables up to date. */
export function openClinicalDatabase(dataDir: string): DatabaseSync {
  const db = openDatabase(join(dataDir, 'icu.sqlite'));
  transaction(db, () => {
    const done = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    for (const migration of MIGRATIONS.slice(done)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
  return db;
}
