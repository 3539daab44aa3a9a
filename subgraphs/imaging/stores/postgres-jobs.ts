import { WORKER } from '../domain/audit.ts';
import type { Answered } from '../domain/classification.ts';
import { isOutage } from '../domain/job.ts';
import type { JobLeases } from '../domain/job-leases.ts';
import { toJob } from './ledger-rows.ts';
import { type Database, NUL } from './postgres-database.ts';

// $1 is the given time throughout, null outside of tests.
const NOW = 'ledger_now($1)';
const OPEN = `state IN ('QUEUED', 'RUNNING')`;
const canBeTaken = (at: string) =>
  `((state = 'QUEUED' AND run_after <= ${at}) OR (state = 'RUNNING' AND lease_until <= ${at}))`;
const ENDED = `version = version + 1, progress = 1, finished_at = ${NOW}, lease_owner = NULL, lease_until = NULL`;
const QUEUED = `state = 'QUEUED', version = version + 1, progress = 0, lease_owner = NULL, lease_until = NULL`;
const MINE = `WHERE id = $2 AND state = 'RUNNING' AND lease_owner = $3`;
const NOT_TAKEN_BACK = `${MINE} AND cancel_requested = 0`;

const take = (which: string) => `
  UPDATE job SET state = 'RUNNING', version = version + 1, attempts = attempts + 1, progress = 0.1,
    deaths = deaths + (state = 'RUNNING')::int,
    started_at = coalesce(started_at, ${NOW}), lease_owner = $2, lease_until = ${NOW} + $3
  WHERE position = (
    SELECT position FROM job WHERE ${OPEN} AND ${canBeTaken(NOW)} AND ${which}
    ORDER BY priority, position LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING *`;
const TAKE_NEXT = take('true');
const TAKE_ONE = take('id = $4');
const RENEW = `
  UPDATE job SET lease_until = ${NOW} + $4, version = version + ($5 > progress)::int,
    progress = greatest(progress, $5) ${MINE} RETURNING cancel_requested`;
/** Without a new version nobody is told. */
const BEAT = `UPDATE job SET lease_until = ${NOW} + $4 ${MINE} RETURNING cancel_requested`;
const RELEASE = `UPDATE job SET ${QUEUED}, attempts = attempts - 1 WHERE id = $1 AND state = 'RUNNING'
  AND lease_owner = $2 AND cancel_requested = 0 RETURNING id`;
const GIVE_UP = `UPDATE job SET state = 'CANCELLED', ${ENDED} ${MINE} AND cancel_requested = 1`;
const SUCCEED = `
  WITH ended AS (
    UPDATE job SET state = 'SUCCEEDED', ${ENDED}, error_code = NULL, error_message = NULL
    ${NOT_TAKEN_BACK} RETURNING radiograph_id),
  stored AS (
    INSERT INTO classification (radiograph_id, created_at, inference, maps, model, cached)
    SELECT radiograph_id, ${NOW}, $4, $5, $6, $7 FROM ended ON CONFLICT (radiograph_id) DO NOTHING)
  SELECT append_audit(${NOW}, '${WORKER}', 'CLASSIFY', radiograph_id, 'OK') FROM ended`;
const FAIL = `
  WITH ended AS (
    UPDATE job SET state = 'FAILED', ${ENDED}, error_code = $4, error_message = $5
    ${NOT_TAKEN_BACK} RETURNING radiograph_id)
  SELECT append_audit(${NOW}, '${WORKER}', 'CLASSIFY', radiograph_id, $4) FROM ended`;
const RETRY = `UPDATE job SET ${QUEUED}, run_after = ${NOW} + $6, faults = faults + $7, error_code = $4,
  error_message = $5
  ${NOT_TAKEN_BACK} RETURNING id`;
const CANCEL = `
  WITH cancelled AS (
    UPDATE job SET version = version + 1,
      state = CASE state WHEN 'QUEUED' THEN 'CANCELLED' ELSE state END,
      progress = CASE state WHEN 'QUEUED' THEN 1 ELSE progress END,
      finished_at = CASE state WHEN 'QUEUED' THEN ${NOW} END,
      cancel_requested = CASE state WHEN 'QUEUED' THEN 0 ELSE 1 END
    WHERE id = $2 AND (state = 'QUEUED' OR (state = 'RUNNING' AND cancel_requested = 0)) RETURNING *)
  SELECT cancelled.*, append_audit(${NOW}, $3, 'CANCEL', id, 'OK') FROM cancelled`;
const OVERDUE = `SELECT * FROM job WHERE ${OPEN} AND ${canBeTaken(`${NOW} - $2`)} ORDER BY priority, position LIMIT $3`;
const DUE_IN = `SELECT greatest(0, CASE state WHEN 'QUEUED' THEN run_after ELSE lease_until END - ${NOW}) AS ms
  FROM job WHERE id = $2 AND ${OPEN}`;

const BACKLOG = `
  SELECT count(*) FILTER (WHERE state = 'QUEUED') AS queued, count(*) FILTER (WHERE state = 'RUNNING') AS running,
    greatest(0, ${NOW} - coalesce(min(created_at) FILTER (WHERE state = 'QUEUED'), ${NOW})) AS oldest
  FROM job WHERE ${OPEN}`;

/** inference, maps, model, cached */
export function classificationValues({ inference, model, cached }: Answered): unknown[] {
  const { maps, ...rest } = inference;
  return [JSON.stringify(rest), maps, JSON.stringify(model), cached ? 1 : 0];
}

/** Every change is one statement, and thereby one transaction and one way to the server and back. */
export function postgresJobs(db: Database, time: () => number | null): Omit<JobLeases, 'onChange'> {
  const giveUp = async (id: string, worker: string) => {
    await db.repeatable(GIVE_UP, [time(), id, worker]);
  };
  return {
    async take(worker, leaseMs, id) {
      const lease = [time(), worker, leaseMs];
      const [row] = await (id === undefined
        ? db.query(TAKE_NEXT, lease)
        : db.query(TAKE_ONE, [...lease, id]));
      return row && toJob(row);
    },
    async renew(id, worker, leaseMs, progress) {
      const lease = [time(), id, worker, leaseMs];
      const [row] = await (progress === undefined
        ? db.repeatable(BEAT, lease)
        : db.repeatable(RENEW, [...lease, progress]));
      if (!row) return 'LOST';
      return row.cancel_requested === 1 ? 'CANCEL_REQUESTED' : 'HELD';
    },
    async release(id, worker) {
      const released = await db.repeatable(RELEASE, [id, worker]);
      if (released.length === 0) await giveUp(id, worker);
    },
    async succeed(id, worker, classification) {
      const ended = await db.repeatable(SUCCEED, [
        ...[time(), id, worker],
        ...classificationValues(classification),
      ]);
      if (ended.length === 0) await giveUp(id, worker);
    },
    async fail(id, worker, { code, message }, retryAfterMs) {
      const fault = [time(), id, worker, code, message];
      const done = await (retryAfterMs === undefined
        ? db.repeatable(FAIL, fault)
        : db.repeatable(RETRY, [...fault, Math.round(retryAfterMs), isOutage(code) ? 0 : 1]));
      if (done.length === 0) await giveUp(id, worker);
    },
    async cancel(id, actor) {
      if (id.includes(NUL)) return undefined;
      const [changed] = await db.repeatable(CANCEL, [time(), id, actor]);
      const row = changed ?? (await db.repeatable('SELECT * FROM job WHERE id = $1', [id]))[0];
      return row && toJob(row);
    },
    async overdue(overdueMs, limit) {
      return (await db.repeatable(OVERDUE, [time(), overdueMs, limit])).map(toJob);
    },
    async dueIn(id) {
      const [row] = await db.repeatable(DUE_IN, [time(), id]);
      return row && Number(row.ms);
    },
    async hasClassified() {
      // Results may all have been deleted since; jobs stay.
      return (await db.repeatable(`SELECT 1 FROM job WHERE state = 'SUCCEEDED' LIMIT 1`, [])).length > 0;
    },
    async waiting() {
      const [row] = await db.repeatable(`SELECT count(*) AS n FROM job WHERE ${OPEN}`, []);
      return Number(row?.n);
    },
    async backlog() {
      const [row] = await db.repeatable(BACKLOG, [time()]);
      return {
        queued: Number(row?.queued),
        running: Number(row?.running),
        oldestQueuedMs: Number(row?.oldest),
      };
    },
  };
}
