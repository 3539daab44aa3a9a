import type { AuditTrail } from './audit.ts';
import type { Answered, StoredClassification } from './classification.ts';
import type { Deletions } from './deletion.ts';
import type { JobOrigin, JobPriority, StoredJob } from './job.ts';
import type { JobLeases } from './job-leases.ts';
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
export interface Ledger extends AuditTrail, JobLeases, Deletions, AsyncDisposable {
  /** Stores a radiograph, its queued job and the audit row of its `actor` in one transaction.
   *  @param priority ROUTINE when it is left out
   *  @returns the job that there is already when a radiograph with its intake key is there */
  submit(
    radiograph: NewRadiograph,
    actor: string,
    priority?: JobPriority,
    origin?: JobOrigin,
  ): Promise<StoredJob>;
  /** The same for an image that is classified already: its job has SUCCEEDED, and the classification and its audit row
   *  are in the transaction. What there is already stays as it is. */
  submitClassified(
    radiograph: NewRadiograph,
    actor: string,
    priority: JobPriority,
    answered: Answered,
  ): Promise<StoredJob>;
  radiographs(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRadiograph>>;
  jobs(ids: readonly string[]): Promise<ReadonlyMap<string, StoredJob>>;
  classifications(radiographIds: readonly string[]): Promise<ReadonlyMap<string, StoredClassification>>;
  /** The jobs of radiographs, by the radiographs' ids. */
  radiographJobs(radiographIds: readonly string[]): Promise<ReadonlyMap<string, StoredJob>>;
  /** The jobs of radiographs that were taken in under these keys. */
  intakeJobs(intakeKeys: readonly string[]): Promise<ReadonlyMap<string, StoredJob>>;
  /** Newest first. */
  page(request: PageRequest): Promise<RadiographPage>;
  /** Connections to a database, where there are any: all, those at rest, and the statements that wait for one. */
  connections?(): { readonly open: number; readonly idle: number; readonly waiting: number };
}
