import { randomUUID } from 'node:crypto';
import { WORKER } from '../domain/audit.ts';
import { JOB_PRIORITIES, type JobOrigin, type JobPriority } from '../domain/job.ts';
import type { Ledger, NewRadiograph } from '../domain/ledger.ts';
import { toAuditRow, toClassification, toJob, toRadiograph } from './ledger-rows.ts';
import { listenToJobs, migratePostgres, NUL, openPostgres, type Row } from './postgres-database.ts';
import { postgresDeletions } from './postgres-deletions.ts';
import { classificationValues, postgresJobs } from './postgres-jobs.ts';

const STORED = `stored AS (
    INSERT INTO radiograph (id, created_at, patient_id, format, width, height, original_address, rendering, dicom,
      import_key)
    VALUES ($2, ledger_now($1), $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id, created_at)`;
const SUBMIT = `
  WITH ${STORED}, queued AS (
    INSERT INTO job (id, radiograph_id, priority, state, version, progress, attempts, created_at, run_after,
      request_id, traceparent)
    SELECT $11, id, $12, 'QUEUED', 1, 0, 0, created_at, created_at, $14, $15 FROM stored RETURNING *)
  SELECT queued.*, append_audit(created_at, $13, 'SUBMIT', radiograph_id, 'OK') FROM queued`;
const SUBMIT_CLASSIFIED = `
  WITH ${STORED}, ended AS (
    INSERT INTO job (id, radiograph_id, priority, state, version, progress, attempts,
      created_at, started_at, finished_at, run_after)
    SELECT $11, id, $12, 'SUCCEEDED', 1, 1, 1, created_at, created_at, created_at, created_at FROM stored RETURNING *),
  classified AS (
    INSERT INTO classification (radiograph_id, created_at, inference, maps, model, cached)
    SELECT id, created_at, $14, $15, $16, $17 FROM stored)
  SELECT ended.*, append_audit(created_at, $13, 'SUBMIT', radiograph_id, 'OK'),
    append_audit(created_at, '${WORKER}', 'CLASSIFY', radiograph_id, 'OK') FROM ended`;
const AUDIT = `
  SELECT append_audit(ledger_now($1), entry.actor, entry.action, entry.target, entry.outcome)
  FROM json_to_recordset($2) AS entry (actor TEXT, action TEXT, target TEXT, outcome TEXT)`;
const TAKEN_IN = `SELECT job.*, radiograph.import_key FROM radiograph JOIN job ON job.radiograph_id = radiograph.id
  WHERE import_key = ANY ($1)`;
const PAGE = `SELECT * FROM radiograph WHERE position < $1 AND ($2::text IS NULL OR patient_id = $2)
  ORDER BY position DESC LIMIT $3`;

/** The ledger in a PostgreSQL database, for any number of processes. @param now for tests; the server's own clock else
 *  @throws Error when the server cannot be reached or the schema cannot be brought up to date */
export async function openPostgresLedger(url: string, now?: () => number): Promise<Ledger> {
  await migratePostgres(url);
  const db = openPostgres(url);
  const time = () => now?.() ?? null;
  const listeners: Disposable[] = [];

  const found = async <T>(table: string, key: string, ids: readonly string[], read: (row: Row) => T) => {
    const known = ids.filter((id) => !id.includes(NUL));
    const rows = await db.repeatable(`SELECT * FROM ${table} WHERE ${key} = ANY ($1)`, [known]);
    return new Map(rows.map((row) => [String(row[key]), read(row)]));
  };
  const job = async (id: string) => (await found('job', 'id', [id], toJob)).get(id);

  const intakeJobs = async (intakeKeys: readonly string[]) => {
    const rows = await db.repeatable(TAKEN_IN, [intakeKeys.filter((key) => !key.includes(NUL))]);
    return new Map(rows.map((row) => [String(row.import_key), toJob(row)]));
  };
  const intakeJob = async (key: string | null) =>
    key === null ? undefined : (await intakeJobs([key])).get(key);

  const submitted = async (
    statement: string,
    radiograph: NewRadiograph,
    actor: string,
    priority: JobPriority,
    more: readonly unknown[],
  ) => {
    const { patientId, format, width, height, originalAddress, rendering, dicom, intakeKey } = radiograph;
    const file = [patientId, format, width, height, originalAddress];
    const picture = [...file, JSON.stringify(rendering), dicom && JSON.stringify(dicom), intakeKey];
    const id = randomUUID();
    const order = [id, JOB_PRIORITIES.indexOf(priority), actor];
    const [row] = await db.repeatable(statement, [time(), randomUUID(), ...picture, ...order, ...more]);
    // No row came back when it was sent again and the first time had been heard, or when it was taken in before.
    const stored = row ? toJob(row) : ((await job(id)) ?? (await intakeJob(intakeKey)));
    if (!stored) throw new Error('The job was not stored');
    return stored;
  };

  return {
    ...postgresJobs(db, time),
    ...postgresDeletions(db, time),
    submit: (radiograph, actor, priority = 'ROUTINE', origin) =>
      submitted(SUBMIT, radiograph, actor, priority, originValues(origin)),
    submitClassified: (radiograph, actor, priority, answered) =>
      submitted(SUBMIT_CLASSIFIED, radiograph, actor, priority, classificationValues(answered)),
    radiographs: (ids) => found('radiograph', 'id', ids, toRadiograph),
    jobs: (ids) => found('job', 'id', ids, toJob),
    radiographJobs: (ids) => found('job', 'radiograph_id', ids, toJob),
    classifications: (ids) => found('classification', 'radiograph_id', ids, toClassification),
    intakeJobs,
    async page({ first, after, patientId }) {
      if (patientId?.includes(NUL)) return { items: [], hasMore: false };
      const before = after ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.repeatable(PAGE, [before, patientId ?? null, first + 1]);
      const items = rows
        .slice(0, first)
        .map((row) => ({ position: Number(row.position), radiograph: toRadiograph(row) }));
      return { items, hasMore: rows.length > first };
    },
    async audit(entries) {
      if (entries.length > 0) await db.query(AUDIT, [time(), JSON.stringify(entries)]);
    },
    async auditRows(after, limit) {
      const sql = 'SELECT * FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2';
      return (await db.repeatable(sql, [after, limit])).map(toAuditRow);
    },
    async auditHead() {
      const [row] = await db.repeatable('SELECT sequence, hash FROM audit_head', []);
      return { sequence: Number(row?.sequence), hash: String(row?.hash) };
    },
    connections: () => db.connections(),
    onChange(wake) {
      listeners.push(listenToJobs(url, wake));
    },
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener[Symbol.dispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

function originValues(origin: JobOrigin | undefined): unknown[] {
  return [origin?.requestId ?? null, origin?.traceparent ?? null];
}
