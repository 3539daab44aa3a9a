import type { ErrorCode } from '#common/errors.ts';
import type { AuditTrail } from './audit.ts';
import type { StoredClassification } from './classification.ts';
import type { Deletions } from './deletion.ts';
import type { StoredJob } from './job.ts';
import type { StoredRadiograph } from './radiograph.ts';

export type NewRadiograph = Omit<StoredRadiograph, 'id' | 'createdAt'>;

export type PageRequest = {
  readonly first: number;
  /** The last position of the page before. */
  readonly after?: number;
  readonly patientId?: string;
};

export type RadiographPage = {
  readonly items: readonly { readonly position: number; readonly radiograph: StoredRadiograph }[];
  readonly hasMore: boolean;
};

/** The truth about radiographs and jobs. What a method has returned survives a crash. */
export interface Ledger extends AuditTrail, Deletions, AsyncDisposable {
  /** Stores a radiograph, its queued job and the audit row of its `actor` in one transaction. */
  submit(radiograph: NewRadiograph, actor: string): Promise<StoredJob>;
  radiographs(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRadiograph>>;
  jobs(ids: readonly string[]): Promise<ReadonlyMap<string, StoredJob>>;
  classifications(radiographIds: readonly string[]): Promise<ReadonlyMap<string, StoredClassification>>;
  /** Newest first. */
  page(request: PageRequest): Promise<RadiographPage>;
  /** How many jobs have not ended. */
  waiting(): Promise<number>;

  /** Takes the oldest job that waits, or whose lease ran out, and leases it to `worker`. One statement: two workers
   *  never hold one job at the same time. */
  take(worker: string, leaseMs: number): Promise<StoredJob | undefined>;
  /** Prolongs a lease. @returns false when it is no longer this worker's */
  renew(jobId: string, worker: string, leaseMs: number): Promise<boolean>;
  /** Ends a job SUCCEEDED and stores its classification and an audit row in one transaction; a second time changes
   *  nothing. */
  succeed(jobId: string, worker: string, classification: StoredClassification): Promise<void>;
  /** Ends a job FAILED, with an audit row in the same transaction, or, with `retryAfterMs`, queues it again. */
  fail(
    jobId: string,
    worker: string,
    error: { code: ErrorCode; message: string },
    retryAfterMs?: number,
  ): Promise<void>;
}
