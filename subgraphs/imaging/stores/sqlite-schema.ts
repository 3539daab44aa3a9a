import { CHAIN_START } from '../domain/audit.ts';
import { JOB_PRIORITIES } from '../domain/job.ts';

/** Each entry is one migration; `PRAGMA user_version` counts those that ran. Never change one that has landed. */
export const MIGRATIONS = [
  `
  CREATE TABLE radiograph (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    patient_id TEXT,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    original_address TEXT NOT NULL,
    rendering TEXT NOT NULL
  ) STRICT;
  CREATE INDEX radiograph_by_patient ON radiograph (patient_id, position);

  CREATE TABLE job (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    radiograph_id TEXT NOT NULL REFERENCES radiograph (id),
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    progress REAL NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    error_code TEXT,
    error_message TEXT,
    run_after INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER
  ) STRICT;
  CREATE INDEX job_open ON job (position) WHERE state IN ('QUEUED', 'RUNNING');

  CREATE TABLE classification (
    radiograph_id TEXT PRIMARY KEY REFERENCES radiograph (id),
    created_at INTEGER NOT NULL,
    inference TEXT NOT NULL,
    maps BLOB NOT NULL,
    model TEXT NOT NULL,
    cached INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_head (sequence INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  INSERT INTO audit_head VALUES (${CHAIN_START.sequence}, '${CHAIN_START.hash}');

  CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
  CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END;
  -- INSERT OR REPLACE would get past the two above.
  CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
    WHEN NEW.sequence <> (SELECT sequence + 1 FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'audit rows are only appended'); END;
  CREATE TRIGGER audit_moves_head AFTER INSERT ON audit
    BEGIN UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash; END;
  `,
  `
  ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT ${JOB_PRIORITIES.indexOf('ROUTINE')};
  ALTER TABLE job ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
  DROP INDEX job_open;
  CREATE INDEX job_open ON job (priority, position) WHERE state IN ('QUEUED', 'RUNNING');
  `,
];
