import type { DatabaseSync } from 'node:sqlite';
import { WORKER } from '../domain/audit.ts';
import type { StoredClassification } from '../domain/classification.ts';
import { isOutage } from '../domain/job.ts';
import type { JobLeases } from '../domain/job-leases.ts';
import { toJob } from './ledger-rows.ts';
import type { sqliteAudit } from './sqlite-audit.ts';

const CAN_BE_TAKEN = `((state = 'QUEUED' AND run_after <= :now) OR (state = 'RUNNING' AND lease_until <= :now))`;
const TAKE = `
  UPDATE job SET state = 'RUNNING', version = version + 1, attempts = attempts + 1, deaths = deaths + (state = 'RUNNING'),
    progress = 0.1,
    started_at = coalesce(started_at, :now), lease_owner = :worker, lease_until = :until`;
const ENDED = `version = version + 1, progress = 1, finished_at = :now, lease_owner = NULL, lease_until = NULL`;
const QUEUED = `state = 'QUEUED', version = version + 1, progress = 0, lease_owner = NULL, lease_until = NULL`;
const MINE = `WHERE id = :id AND state = 'RUNNING' AND lease_owner = :worker`;
const NOT_TAKEN_BACK = `${MINE} AND cancel_requested = 0`;

/** Other processes' commits show in `data_version` alone, which costs microseconds to read. */
const WATCH_MS = 250;

type Trail = Pick<ReturnType<typeof sqliteAudit>, 'append'>;

/** @param write runs work in a transaction @param addClassification is called within one */
export function sqliteJobs(
  db: DatabaseSync,
  now: () => number,
  trail: Trail,
  write: <T>(work: () => T) => T,
  addClassification: (classification: StoredClassification) => void,
): JobLeases & { stopWatching(): void } {
  const takeNext = db.prepare(`${TAKE} WHERE position =
    (SELECT position FROM job WHERE ${CAN_BE_TAKEN} ORDER BY priority, position LIMIT 1) RETURNING *`);
  const takeOne = db.prepare(`${TAKE} WHERE id = :id AND ${CAN_BE_TAKEN} RETURNING *`);
  const renew = db.prepare(`UPDATE job SET lease_until = :until,
    version = version + (:progress > progress), progress = max(progress, :progress)
    ${MINE} RETURNING cancel_requested`);
  const succeed = db.prepare(`UPDATE job SET state = 'SUCCEEDED', ${ENDED}, error_code = NULL,
    error_message = NULL ${NOT_TAKEN_BACK} RETURNING id`);
  const fail = db.prepare(`UPDATE job SET state = 'FAILED', ${ENDED}, error_code = :code,
    error_message = :message ${NOT_TAKEN_BACK} RETURNING radiograph_id`);
  const retry = db.prepare(`UPDATE job SET ${QUEUED}, run_after = :after, faults = faults + :inside,
    error_code = :code, error_message = :message ${NOT_TAKEN_BACK}`);
  const release = db.prepare(`UPDATE job SET ${QUEUED}, attempts = attempts - 1 ${NOT_TAKEN_BACK}`);
  const giveUp = db.prepare(`UPDATE job SET state = 'CANCELLED', ${ENDED} ${MINE} AND cancel_requested = 1`);
  const cancelQueued = db.prepare(
    `UPDATE job SET state = 'CANCELLED', ${ENDED} WHERE id = :id AND state = 'QUEUED' RETURNING id`,
  );
  const askToCancel = db.prepare(`UPDATE job SET cancel_requested = 1, version = version + 1
    WHERE id = :id AND state = 'RUNNING' AND cancel_requested = 0 RETURNING id`);
  const read = db.prepare('SELECT * FROM job WHERE id = ?');
  const overdue = db.prepare(
    `SELECT * FROM job WHERE ${CAN_BE_TAKEN} ORDER BY priority, position LIMIT :limit`,
  );
  const dueAt = db.prepare(`SELECT CASE state WHEN 'QUEUED' THEN run_after ELSE lease_until END AS at FROM job
    WHERE id = ? AND state IN ('QUEUED', 'RUNNING')`);
  const waiting = db.prepare(`SELECT count(*) AS n FROM job WHERE state IN ('QUEUED', 'RUNNING')`);
  const backlog = db.prepare(`SELECT sum(state = 'QUEUED') AS queued, sum(state = 'RUNNING') AS running,
    min(created_at) FILTER (WHERE state = 'QUEUED') AS oldest FROM job WHERE state IN ('QUEUED', 'RUNNING')`);
  // Results may all have been deleted since; jobs stay.
  const anyResult = db.prepare(`SELECT 1 FROM job WHERE state = 'SUCCEEDED' LIMIT 1`);
  const dataVersion = db.prepare('PRAGMA data_version');
  let watch: NodeJS.Timeout | undefined;

  return {
    async take(worker, leaseMs, id) {
      const lease = { now: now(), worker, until: now() + leaseMs };
      const row = id === undefined ? takeNext.get(lease) : takeOne.get({ ...lease, id });
      return row && toJob(row);
    },
    async renew(id, worker, leaseMs, progress = 0) {
      const row = renew.get({ id, worker, until: now() + leaseMs, progress });
      if (!row) return 'LOST';
      return row.cancel_requested === 1 ? 'CANCEL_REQUESTED' : 'HELD';
    },
    async release(id, worker) {
      if (release.run({ id, worker }).changes === 0) giveUp.run({ id, worker, now: now() });
    },
    async succeed(id, worker, classification) {
      write(() => {
        if (!succeed.get({ id, worker, now: now() })) return giveUp.run({ id, worker, now: now() });
        addClassification(classification);
      });
    },
    async fail(id, worker, { code, message }, retryAfterMs) {
      write(() => {
        const mine = { id, worker, code, message };
        if (retryAfterMs !== undefined) {
          const after = now() + Math.round(retryAfterMs);
          if (retry.run({ ...mine, after, inside: isOutage(code) ? 0 : 1 }).changes > 0) return;
        } else {
          const row = fail.get({ ...mine, now: now() });
          const target = String(row?.radiograph_id);
          if (row) return trail.append({ actor: WORKER, action: 'CLASSIFY', target, outcome: code });
        }
        giveUp.run({ id, worker, now: now() });
      });
    },
    async cancel(id, actor) {
      return write(() => {
        if (cancelQueued.get({ id, now: now() }) ?? askToCancel.get({ id }))
          trail.append({ actor, action: 'CANCEL', target: id, outcome: 'OK' });
        const row = read.get(id);
        return row && toJob(row);
      });
    },
    async overdue(overdueMs, limit) {
      return overdue.all({ now: now() - overdueMs, limit }).map(toJob);
    },
    async dueIn(id) {
      const row = dueAt.get(id);
      return row && Math.max(0, Number(row.at) - now());
    },
    async hasClassified() {
      return anyResult.get() !== undefined;
    },
    async waiting() {
      return Number(waiting.get()?.n);
    },
    async backlog() {
      const row = backlog.get();
      const [queued, running] = [Number(row?.queued), Number(row?.running)];
      return { queued, running, oldestQueuedMs: queued > 0 ? Math.max(0, now() - Number(row?.oldest)) : 0 };
    },
    onChange(wake) {
      const version = () => Number(dataVersion.get()?.data_version);
      let seen = version();
      watch = setInterval(() => {
        const current = version();
        if (current === seen) return;
        seen = current;
        wake();
      }, WATCH_MS);
      watch.unref();
    },
    stopWatching() {
      clearInterval(watch);
    },
  };
}
