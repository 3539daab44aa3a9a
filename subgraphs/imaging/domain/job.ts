import type { ErrorCode } from '#common/errors.ts';

export type JobState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** The most urgent first; the words of a FHIR request and of DICOM's requested procedure priority. */
export const JOB_PRIORITIES = ['STAT', 'URGENT', 'ROUTINE'] as const;

export type JobPriority = (typeof JOB_PRIORITIES)[number];

export type StoredJob = {
  readonly id: string;
  readonly radiographId: string;
  readonly priority: JobPriority;
  readonly state: JobState;
  /** Somebody took it back while a worker had it: it will end CANCELLED. */
  readonly cancelRequested: boolean;
  /** Grows with every change; a subscription emits when it differs from the last one sent. */
  readonly version: number;
  /** 0 to 1. */
  readonly progress: number;
  readonly attempts: number;
  /** Attempts of which nobody stored the end: their workers died, or lost the ledger. */
  readonly deaths: number;
  /** Attempts that a fault inside has ended: all but deaths and outages. */
  readonly faults: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly origin: JobOrigin;
};

/** The request that a job comes from; its trace only where it is traced (W3C trace context). */
export type JobOrigin = { readonly requestId: string | null; readonly traceparent: string | null };

/** Faults inside after which a job ends FAILED with the cause of the last one; as many attempts in an outage of what
 *  has never been there. */
export const MAX_ATTEMPTS = 6;

/** The same while something is away that has been there before: about a day of the longest pauses. */
export const MAX_ATTEMPTS_IN_OUTAGE = 4_000;

/** Deaths after which a job ends FAILED although nobody could say why: it may be their cause. */
export const MAX_DEATHS = 10;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Faults that the next attempt would meet again. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'UNSUPPORTED_IMAGE',
  'BAD_USER_INPUT',
  'FILE_TOO_LARGE',
  'NOT_FOUND',
]);

/** Faults of what a job needs, not of the job. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set(['MODEL_UNAVAILABLE', 'OVERLOADED', 'DEADLINE_EXCEEDED']);

export function isOutage(code: ErrorCode): boolean {
  return OUTAGES.has(code);
}

export function hasEnded(job: StoredJob): boolean {
  return job.state === 'SUCCEEDED' || job.state === 'FAILED' || job.state === 'CANCELLED';
}

/** How long to wait before the next attempt, or undefined when there is none.
 *  Doubling pauses with jitter in [0.5, 1): jobs that failed together do not come back together.
 *  @param attempts how often the job met its like, 1 or more @param random in [0, 1)
 *  @param most how often it may */
export function pauseBeforeRetry(
  code: ErrorCode,
  attempts: number,
  random: number,
  most = MAX_ATTEMPTS,
): number | undefined {
  if (LASTING.has(code) || attempts >= most) return undefined;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)) * (0.5 + random / 2);
}
