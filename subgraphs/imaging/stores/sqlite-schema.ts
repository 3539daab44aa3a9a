import { CHAIN_START } from '../domain/audit.ts';
import { BEING_REMOVED } from '../domain/deletion.ts';
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
  // A job outlives its radiograph, so it no longer references it: the table is made anew, as SQLite wants it.
  `
  CREATE TABLE job_without_reference (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    radiograph_id TEXT NOT NULL,
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
    lease_until INTEGER,
    priority INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO job_without_reference SELECT * FROM job;
  DROP TABLE job;
  ALTER TABLE job_without_reference RENAME TO job;
  CREATE INDEX job_open ON job (priority, position) WHERE state IN ('QUEUED', 'RUNNING');
  CREATE INDEX job_by_radiograph ON job (radiograph_id);

  CREATE INDEX radiograph_by_age ON radiograph (created_at);
  CREATE INDEX radiograph_by_original ON radiograph (original_address);
  CREATE INDEX radiograph_by_rendering ON radiograph (rendering ->> 'address');
  CREATE TABLE blob_removal (
    address TEXT PRIMARY KEY,
    stored_before INTEGER,
    lease_owner TEXT,
    lease_until INTEGER
  ) STRICT;
  CREATE TRIGGER radiograph_names_what_stays BEFORE INSERT ON radiograph
    WHEN EXISTS (SELECT 1 FROM blob_removal WHERE address IN (NEW.original_address, NEW.rendering ->> 'address'))
    BEGIN SELECT RAISE(ABORT, '${BEING_REMOVED}'); END;
  `,
  'ALTER TABLE radiograph ADD COLUMN dicom TEXT',
  // Where a job comes from, for the log and the trace of its worker.
  'ALTER TABLE job ADD COLUMN request_id TEXT; ALTER TABLE job ADD COLUMN traceparent TEXT',
  `
  ALTER TABLE radiograph ADD COLUMN import_key TEXT;
  CREATE UNIQUE INDEX radiograph_by_import ON radiograph (import_key);
  `,
  'ALTER TABLE job ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0',
  `
  ALTER TABLE job ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
  -- Images that are removed, while the cache could not be told to forget what was inferred from them.
  CREATE TABLE inference_removal (address TEXT PRIMARY KEY) STRICT;
  `,
];
