import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { openDatabase, transaction } from '#common/sqlite.ts';
import type { AuditEntry } from '../domain/audit.ts';
import { JOB_PRIORITIES, type JobOrigin, type JobPriority, type StoredJob } from '../domain/job.ts';
import type { Ledger, NewRadiograph } from '../domain/ledger.ts';
import { ledgerFault } from './ledger-fault.ts';
import { toClassification, toJob, toRadiograph } from './ledger-rows.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { sqliteClassifications } from './sqlite-classifications.ts';
import { sqliteDeletions } from './sqlite-deletions.ts';
import { sqliteJobs } from './sqlite-jobs.ts';
import { MIGRATIONS } from './sqlite-schema.ts';

/** The ledger in one SQLite file (WAL; synchronous=FULL, so that a commit is on the disk before it is acknowledged). */
export function openSqliteLedger(dataDir: string, now: () => number = Date.now): Ledger {
  const db = openDatabase(join(dataDir, 'imaging.sqlite'));
  migrate(db);
  const trail = sqliteAudit(db, now);
  const write = <T>(work: () => T): T => {
    try {
      return transaction(db, work);
    } catch (error) {
      throw ledgerFault(error);
    }
  };
  const addClassification = sqliteClassifications(db, now, trail);
  const { stopWatching, ...jobs } = sqliteJobs(db, now, trail, write, addClassification);
  const addRadiograph = db.prepare(`INSERT INTO radiograph
    (id, created_at, patient_id, format, width, height, original_address, rendering, dicom, import_key)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const addJob =
    db.prepare(`INSERT INTO job (id, radiograph_id, state, version, progress, attempts, created_at, run_after, priority,
    request_id, traceparent) VALUES (?, ?, 'QUEUED', 1, 0, 0, ?, ?, ?, ?, ?) RETURNING *`);
  const endAtOnce = db.prepare(`UPDATE job SET state = 'SUCCEEDED', progress = 1, attempts = 1,
    started_at = created_at, finished_at = created_at WHERE id = ? RETURNING *`);
  const takenIn =
    db.prepare(`SELECT job.*, radiograph.import_key FROM radiograph JOIN job ON job.radiograph_id = radiograph.id
    WHERE import_key IN (SELECT value FROM json_each(?))`);
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

  const known = ({ intakeKey }: NewRadiograph): StoredJob | undefined => {
    const row = intakeKey === null ? undefined : takenIn.get(JSON.stringify([intakeKey]));
    return row && toJob(row);
  };

  const add = (
    radiograph: NewRadiograph,
    actor: string,
    priority: JobPriority,
    origin?: JobOrigin,
  ): StoredJob => {
    const { patientId, format, width, height, originalAddress, rendering, dicom, intakeKey } = radiograph;
    const id = randomUUID();
    const at = now();
    const file = [format, width, height, originalAddress, JSON.stringify(rendering)] as const;
    addRadiograph.run(id, at, patientId, ...file, dicom && JSON.stringify(dicom), intakeKey);
    const from = [origin?.requestId ?? null, origin?.traceparent ?? null] as const;
    const row = addJob.get(randomUUID(), id, at, at, JOB_PRIORITIES.indexOf(priority), ...from);
    trail.append({ actor, action: 'SUBMIT', target: id, outcome: 'OK' });
    return storedJob(row);
  };

  // Reads of one moment share a commit: each of its own would take longer than what was read.
  const audit = sharedCommit((entries: readonly AuditEntry[]) => write(() => entries.forEach(trail.append)));

  return {
    ...sqliteDeletions(db, now, trail, write),
    ...jobs,
    async submit(radiograph, actor, priority = 'ROUTINE', origin) {
      return write(() => known(radiograph) ?? add(radiograph, actor, priority, origin));
    },
    async submitClassified(radiograph, actor, priority, answered) {
      return write(() => {
        const before = known(radiograph);
        if (before) return before;
        const { id, radiographId } = add(radiograph, actor, priority);
        addClassification({ ...answered, radiographId });
        return storedJob(endAtOnce.get(id));
      });
    },
    async radiographs(ids) {
      return found('radiograph', 'id', ids, toRadiograph);
    },
    async jobs(ids) {
      return found('job', 'id', ids, toJob);
    },
    async radiographJobs(ids) {
      return found('job', 'radiograph_id', ids, toJob);
    },
    async classifications(ids) {
      return found('classification', 'radiograph_id', ids, toClassification);
    },
    async intakeJobs(intakeKeys) {
      const rows = takenIn.all(JSON.stringify(intakeKeys));
      return new Map(rows.map((row) => [String(row.import_key), toJob(row)]));
    },
    async page({ first, after, patientId }) {
      const before = after ?? Number.MAX_SAFE_INTEGER;
      const rows = page.all({ before, patient: patientId ?? null, limit: first + 1 });
      const items = rows
        .slice(0, first)
        .map((row) => ({ position: Number(row.position), radiograph: toRadiograph(row) }));
      return { items, hasMore: rows.length > first };
    },
    audit,
    async auditRows(after, limit) {
      return trail.rows(after, limit);
    },
    async auditHead() {
      return trail.head();
    },
    async [Symbol.asyncDispose]() {
      stopWatching();
      db.close();
    },
  };
}

function storedJob(row: Record<string, unknown> | undefined): StoredJob {
  if (!row) throw new Error('The job was not stored');
  return toJob(row);
}

/** Stores what comes in one turn of the event loop together. @returns when it is stored */
function sharedCommit<Entry>(commit: (entries: readonly Entry[]) => void) {
  let next: { readonly entries: Entry[]; readonly stored: Promise<void> } | undefined;
  return (entries: readonly Entry[]): Promise<void> => {
    if (!next) {
      const together: Entry[] = [];
      const stored = turn().then(() => {
        next = undefined;
        commit(together);
      });
      next = { entries: together, stored };
    }
    next.entries.push(...entries);
    return next.stored;
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
