import type { ErrorCode } from '#common/errors.ts';
import type { StoredClassification } from './classification.ts';
import type { StoredJob } from './job.ts';

/** What became of a lease: its worker goes on, gives up the job because somebody took it back, or because it is no
 *  longer this worker's. */
export type LeaseState = 'HELD' | 'CANCEL_REQUESTED' | 'LOST';

/** Jobs that have not ended. */
export type Backlog = {
  readonly queued: number;
  readonly running: number;
  /** Since the oldest one that is queued came; 0 when there is none. */
  readonly oldestQueuedMs: number;
};

/** Who does which job. A change by a worker whose lease was lost changes nothing. A job that somebody took back ends
 *  CANCELLED whatever its worker says of it. Jobs that end CANCELLED by their worker have their audit row already. */
export interface JobLeases {
  /** Takes the most urgent job that waits, or whose lease ran out, the oldest first, and leases it to `worker`; with
   *  `jobId` that one alone. One statement: two workers never hold one job at the same time. */
  take(worker: string, leaseMs: number, jobId?: string): Promise<StoredJob | undefined>;
  /** Prolongs a lease. @param progress how far the job is, where that is news, 0 to 1 */
  renew(jobId: string, worker: string, leaseMs: number, progress?: number): Promise<LeaseState>;
  /** Gives a lease back: the job waits as if this attempt had not been. */
  release(jobId: string, worker: string): Promise<void>;
  /** Ends a job SUCCEEDED and stores its classification and an audit row in one transaction; a second time changes
   *  nothing. */
  succeed(jobId: string, worker: string, classification: StoredClassification): Promise<void>;
  /** Ends a job FAILED, with an audit row in the same transaction, or, with `retryAfterMs`, queues it again and counts a
   *  fault inside. */
  fail(
    jobId: string,
    worker: string,
    error: { code: ErrorCode; message: string },
    retryAfterMs?: number,
  ): Promise<void>;
  /** Takes a job back, with an audit row in the same transaction: one that waits ends CANCELLED at once, one under way
   *  as soon as its worker heeds it. @returns the job as it is now, or undefined when there is none */
  cancel(jobId: string, actor: string): Promise<StoredJob | undefined>;
  /** Jobs that could have been taken for `overdueMs`, the most urgent and oldest first. */
  overdue(overdueMs: number, limit: number): Promise<StoredJob[]>;
  /** ms until a job can be taken, 0 when it can be now; undefined when it has ended or there is none. */
  dueIn(jobId: string): Promise<number | undefined>;
  /** Whether any job has ever succeeded: model servers have been there. */
  hasClassified(): Promise<boolean>;
  /** How many jobs have not ended. */
  waiting(): Promise<number>;
  backlog(): Promise<Backlog>;
  /** Calls `wake` when a job may have changed, by any process; without an id it may be any job. It only wakes: what is
   *  true is read. Ends with the ledger. */
  onChange(wake: (jobId?: string) => void): void;
}
