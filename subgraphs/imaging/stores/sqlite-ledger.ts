import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, transaction } from '#common/sqlite.ts';
import { WORKER } from '../domain/audit.ts';
import type { Ledger } from '../domain/ledger.ts';
import { toClassification, toJob, toRadiograph } from './ledger-rows.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { sqliteDeletions } from './sqlite-deletions.ts';
import { MIGRATIONS } from './sqlite-schema.ts';

const TAKE = `
  UPDATE job SET state = 'RUNNING', version = version + 1, attempts = attempts + 1, progress = 0.1,
    started_at = coalesce(started_at, :now), lease_owner = :worker, lease_until = :until
  WHERE position = (
    SELECT position FROM job
    WHERE (state = 'QUEUED' AND run_after <= :now) OR (state = 'RUNNING' AND lease_until <= :now)
    ORDER BY position LIMIT 1)
  RETURNING *`;

const END = `version = version + 1, progress = 1, finished_at = :now, lease_owner = NULL, lease_until = NULL`;
const QUEUE_AGAIN = `state = 'QUEUED', version = version + 1, progress = 0, lease_owner = NULL, lease_until = NULL`;
const MINE = `WHERE id = :id AND state = 'RUNNING' AND lease_owner = :worker RETURNING radiograph_id`;

/** The ledger in one SQLite file (WAL; synchronous=FULL, so that a commit is on the disk before it is acknowledged). */
export function openSqliteLedger(dataDir: string, now: () => number = Date.now): Ledger {
  const db = openDatabase(join(dataDir, 'imaging.sqlite'));
  migrate(db);
  const trail = sqliteAudit(db, now);
  const addRadiograph = db.prepare(`INSERT INTO radiograph
    (id, created_at, patient_id, format, width, height, original_address, rendering) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const addJob =
    db.prepare(`INSERT INTO job (id, radiograph_id, state, version, progress, attempts, created_at, run_after)
    VALUES (?, ?, 'QUEUED', 1, 0, 0, ?, ?) RETURNING *`);
  const addClassification = db.prepare(`INSERT INTO classification
    (radiograph_id, created_at, inference, maps, model, cached) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (radiograph_id) DO NOTHING`);
  const take = db.prepare(TAKE);
  const renew = db.prepare(`UPDATE job SET lease_until = :until ${MINE}`);
  const succeed = db.prepare(
    `UPDATE job SET state = 'SUCCEEDED', ${END}, error_code = NULL, error_message = NULL ${MINE}`,
  );
  const fail = db.prepare(
    `UPDATE job SET state = 'FAILED', ${END}, error_code = :code, error_message = :message ${MINE}`,
  );
  const retry = db.prepare(
    `UPDATE job SET ${QUEUE_AGAIN}, run_after = :after, error_code = :code, error_message = :message ${MINE}`,
  );
  const waiting = db.prepare(`SELECT count(*) AS n FROM job WHERE state IN ('QUEUED', 'RUNNING')`);
  const page = db.prepare(`SELECT * FROM radiograph WHERE position < :before
    AND (:patient IS NULL OR patient_id = :patient) ORDER BY position DESC LIMIT :limit`);

  const found = <T>(
    table: string,
    key: string,
    ids: readonly string[],
    read: (row: Record<string, unknown>) => T,
  ) => {
    // One statement whatever the number of ids: they travel as one JSON value.
    const rows = db.prepare(`SELECT * FROM ${table} WHERE ${key} IN (SELECT value FROM json_each(?))`);
    return new Map(rows.all(JSON.stringify(ids)).map((row) => [String(row[key]), read(row)]));
  };

  return {
    ...sqliteDeletions(db, now, trail),
    async submit(radiograph, actor) {
      return transaction(db, () => {
        const id = randomUUID();
        const { patientId, format, width, height, originalAddress, rendering } = radiograph;
        const at = now();
        addRadiograph.run(
          id,
          at,
          patientId,
          format,
          width,
          height,
          originalAddress,
          JSON.stringify(rendering),
        );
        const row = addJob.get(randomUUID(), id, at, at);
        if (!row) throw new Error('The job was not stored');
        trail.append({ actor, action: 'SUBMIT', target: id, outcome: 'OK' });
        return toJob(row);
      });
    },
    async radiographs(ids) {
      return found('radiograph', 'id', ids, toRadiograph);
    },
    async jobs(ids) {
      return found('job', 'id', ids, toJob);
    },
    async classifications(ids) {
      return found('classification', 'radiograph_id', ids, toClassification);
    },
    async page({ first, after, patientId }) {
      const before = after ?? Number.MAX_SAFE_INTEGER;
      const rows = page.all({ before, patient: patientId ?? null, limit: first + 1 });
      const items = rows
        .slice(0, first)
        .map((row) => ({ position: Number(row.position), radiograph: toRadiograph(row) }));
      return { items, hasMore: rows.length > first };
    },
    async waiting() {
      return Number(waiting.get()?.n);
    },
    async take(worker, leaseMs) {
      const row = take.get({ now: now(), worker, until: now() + leaseMs });
      return row && toJob(row);
    },
    async renew(id, worker, leaseMs) {
      return renew.get({ id, worker, until: now() + leaseMs }) !== undefined;
    },
    async succeed(id, worker, { radiographId, inference, model, cached }) {
      transaction(db, () => {
        // Not this worker's any more: another one does the work, or has done it.
        if (!succeed.get({ id, worker, now: now() })) return;
        const { maps, ...rest } = inference;
        addClassification.run(
          radiographId,
          now(),
          JSON.stringify(rest),
          maps,
          JSON.stringify(model),
          cached ? 1 : 0,
        );
        trail.append({ actor: WORKER, action: 'CLASSIFY', target: radiographId, outcome: 'OK' });
      });
    },
    async fail(id, worker, { code, message }, retryAfterMs) {
      if (retryAfterMs !== undefined) {
        retry.get({ id, worker, after: now() + Math.round(retryAfterMs), code, message });
        return;
      }
      transaction(db, () => {
        const row = fail.get({ id, worker, now: now(), code, message });
        if (row)
          trail.append({
            actor: WORKER,
            action: 'CLASSIFY',
            target: String(row.radiograph_id),
            outcome: code,
          });
      });
    },
    async audit(entries) {
      transaction(db, () => entries.forEach(trail.append));
    },
    async auditRows(after, limit) {
      return trail.rows(after, limit);
    },
    async auditHead() {
      return trail.head();
    },
    async [Symbol.asyncDispose]() {
      db.close();
    },
  };
}

function migrate(db: DatabaseSync): void {
  // The version is read under the write lock: of processes that start together one migrates, the others see it done.
  transaction(db, () => {
    const done = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    for (const [index, sql] of MIGRATIONS.entries())
      if (index >= done) db.exec(`${sql}; PRAGMA user_version = ${index + 1}`);
  });
}
