import { CHAIN_START } from '../domain/audit.ts';

/** The channel on which the server tells that a job has changed; its payload is the job's id. */
export const JOB_CHANNEL = 'job_changed';

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
];
