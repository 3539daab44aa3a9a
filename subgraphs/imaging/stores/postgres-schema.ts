import { CHAIN_START } from '../domain/audit.ts';
import { BEING_REMOVED } from '../domain/deletion.ts';

/** The channel on which the server tells that a job has changed; its payload is the job's id. */
export const JOB_CHANNEL = 'job_changed';

/** Any number that no other use of the database takes. */
const REMOVAL_LOCK = 7236115;

/** Each entry is one migration; the table `migration` lists those that ran. Never change one that has landed. */
export const MIGRATIONS = [
  `
  CREATE TABLE radiograph (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    patient_id TEXT,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    original_address TEXT NOT NULL,
    rendering TEXT NOT NULL
  );
  CREATE INDEX radiograph_by_patient ON radiograph (patient_id, position);

  CREATE TABLE job (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    radiograph_id TEXT NOT NULL REFERENCES radiograph (id),
    priority SMALLINT NOT NULL,
    state TEXT NOT NULL,
    cancel_requested SMALLINT NOT NULL DEFAULT 0,
    version INTEGER NOT NULL,
    progress DOUBLE PRECISION NOT NULL,
    attempts INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    error_code TEXT,
    error_message TEXT,
    run_after BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT
  );
  CREATE INDEX job_open ON job (priority, position) WHERE state IN ('QUEUED', 'RUNNING');
  CREATE INDEX job_by_radiograph ON job (radiograph_id);

  CREATE TABLE classification (
    radiograph_id TEXT PRIMARY KEY REFERENCES radiograph (id),
    created_at BIGINT NOT NULL,
    inference TEXT NOT NULL,
    maps BYTEA NOT NULL,
    model TEXT NOT NULL,
    cached SMALLINT NOT NULL
  );

  -- The server's own clock, so that those of the workers need not agree; a test hands in its own.
  CREATE FUNCTION ledger_now(given BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE AS
    $$ SELECT coalesce(given, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) $$;

  CREATE FUNCTION tell_job() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('${JOB_CHANNEL}', NEW.id); RETURN NULL; END $$;
  CREATE TRIGGER job_changed AFTER INSERT OR UPDATE OF version ON job
    FOR EACH ROW EXECUTE FUNCTION tell_job();

  CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash TEXT NOT NULL
  );
  CREATE TABLE audit_head (sequence BIGINT NOT NULL, hash TEXT NOT NULL);
  INSERT INTO audit_head VALUES (${CHAIN_START.sequence}, '${CHAIN_START.hash}');

  CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit rows are never changed or removed'; END $$;
  CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
  CREATE FUNCTION move_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash WHERE sequence = NEW.sequence - 1;
    IF NOT FOUND THEN RAISE EXCEPTION 'audit rows are only appended'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION move_audit_head();

  CREATE FUNCTION netstring(field TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS
    $$ SELECT octet_length(field) || ':' || field || ',' $$;
  -- The lock on the head keeps the chain in one line; it is held until the end of the transaction, so this comes last.
  CREATE FUNCTION append_audit(at BIGINT, actor TEXT, action TEXT, target TEXT, outcome TEXT) RETURNS BIGINT
    LANGUAGE plpgsql AS $$
    DECLARE
      last audit_head;
      content TEXT;
    BEGIN
      SELECT * INTO STRICT last FROM audit_head FOR UPDATE;
      content := netstring(last.hash) || netstring((last.sequence + 1)::text) || netstring(at::text)
        || netstring(actor) || netstring(action) || netstring(target) || netstring(outcome);
      INSERT INTO audit VALUES (last.sequence + 1, at, actor, action, target, outcome,
        encode(sha256(convert_to(content, 'UTF8')), 'hex'));
      RETURN last.sequence + 1;
    END $$;
  `,
  `
  -- A job outlives its radiograph.
  ALTER TABLE job DROP CONSTRAINT job_radiograph_id_fkey;
  CREATE INDEX radiograph_by_age ON radiograph (created_at);
  CREATE INDEX radiograph_by_original ON radiograph (original_address);
  CREATE INDEX radiograph_by_rendering ON radiograph ((rendering::json ->> 'address'));
  CREATE TABLE blob_removal (
    address TEXT PRIMARY KEY,
    stored_before BIGINT,
    lease_owner TEXT,
    lease_until BIGINT
  );

  -- Those who take radiographs in share this lock; whoever marks blobs for removal has it alone. A function sees what
  -- was committed before it got the lock, which a statement that waits for it would not.
  CREATE FUNCTION keep_named_blobs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(${REMOVAL_LOCK});
    IF EXISTS (SELECT FROM blob_removal WHERE address IN (NEW.original_address, NEW.rendering::json ->> 'address'))
    THEN RAISE EXCEPTION '${BEING_REMOVED}'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER radiograph_names_what_stays BEFORE INSERT ON radiograph
    FOR EACH ROW EXECUTE FUNCTION keep_named_blobs();

  CREATE FUNCTION mark_blobs(addresses TEXT[], before BIGINT, owner TEXT, until BIGINT) RETURNS SETOF blob_removal
    LANGUAGE sql AS $$
    INSERT INTO blob_removal SELECT DISTINCT given, before, owner, until FROM unnest(addresses) AS given
    WHERE NOT EXISTS (SELECT FROM radiograph WHERE original_address = given)
      AND NOT EXISTS (SELECT FROM radiograph WHERE rendering::json ->> 'address' = given)
    ON CONFLICT (address) DO NOTHING RETURNING * $$;

  CREATE FUNCTION condemn_blobs(addresses TEXT[], before BIGINT) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(${REMOVAL_LOCK});
    PERFORM mark_blobs(addresses, before, NULL, NULL);
  END $$;

  -- One row for each blob that is to be removed, with null when there is none; no row when there is no radiograph.
  CREATE FUNCTION delete_radiograph(at BIGINT, wanted TEXT, actor TEXT, worker TEXT, lease_ms BIGINT)
    RETURNS TABLE (job_id TEXT, address TEXT, stored_before BIGINT) LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    DECLARE
      deleted radiograph;
    BEGIN
      PERFORM pg_advisory_xact_lock(${REMOVAL_LOCK});
      -- First, so that a worker that ends the job at this moment is waited for, with its classification.
      UPDATE job SET state = 'CANCELLED', version = version + 1, progress = 1, finished_at = at, lease_owner = NULL,
        lease_until = NULL WHERE radiograph_id = wanted AND state IN ('QUEUED', 'RUNNING');
      DELETE FROM classification WHERE radiograph_id = wanted;
      DELETE FROM radiograph WHERE id = wanted RETURNING * INTO deleted;
      IF NOT FOUND THEN RETURN; END IF;
      RETURN QUERY
        SELECT job.id, marked.address, marked.stored_before FROM job
        LEFT JOIN mark_blobs(ARRAY[deleted.original_address, deleted.rendering::json ->> 'address'],
          NULL, worker, at + lease_ms) AS marked ON true
        WHERE job.radiograph_id = wanted;
      PERFORM append_audit(at, actor, 'DELETE', wanted, 'OK');
    END $$;
  `,
  'ALTER TABLE radiograph ADD COLUMN dicom TEXT',
  // Where a job comes from, for the log and the trace of its worker.
  'ALTER TABLE job ADD COLUMN request_id TEXT, ADD COLUMN traceparent TEXT',
  `
  ALTER TABLE radiograph ADD COLUMN import_key TEXT;
  CREATE UNIQUE INDEX radiograph_by_import ON radiograph (import_key);
  `,
  'ALTER TABLE job ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0',
  `
  ALTER TABLE job ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
  -- Images that are removed, while the cache could not be told to forget what was inferred from them.
  CREATE TABLE inference_removal (address TEXT PRIMARY KEY);
  `,
];
