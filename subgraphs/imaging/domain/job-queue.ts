import type { StoredJob } from './job.ts';

/** The worker of this process, as a queue sees it. */
export type JobTaker = {
  /** How many more jobs it could do now. */
  room(): number;
  /** Takes the lease of the job that is named, or of the next one, and begins with it.
   *  @returns what resolves when its work is over, or undefined when there was nothing to take */
  begin(jobId?: string): Promise<{ readonly done: Promise<void> } | undefined>;
};

/** Brings jobs that wait to workers. The ledger is the truth: a queue may forget a job or name it twice, and none is
 *  lost or done twice. */
export interface JobQueue extends AsyncDisposable {
  /** Tells of a job that waits. Never fails. */
  add(job: Pick<StoredJob, 'id' | 'priority'>): void;
  /** Tells that another process changed the ledger. */
  stir(): void;
  /** Lets a worker take jobs until it is disposed of; those under way go on. */
  serve(taker: JobTaker): AsyncDisposable;
  /** Whether what it stands on answers and has room. */
  isWell(): boolean;
}
