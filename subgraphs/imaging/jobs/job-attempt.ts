import type { Logger } from 'pino';
import { codeOf, RadiographError } from '#common/errors.ts';
import { requestScope } from '#common/request-scope.ts';
import type { Classifier } from '../domain/classifier.ts';
import {
  isOutage,
  MAX_ATTEMPTS,
  MAX_ATTEMPTS_IN_OUTAGE,
  MAX_DEATHS,
  pauseBeforeRetry,
  type StoredJob,
} from '../domain/job.ts';
import type { JobBell } from '../domain/job-changes.ts';
import type { LeaseState } from '../domain/job-leases.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { JobMetrics } from './job-metrics.ts';

export type AttemptParts = {
  readonly ledger: Ledger;
  readonly classify: Classifier;
  readonly bell: JobBell;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
};

export const LEASE_MS = 6_000;
const HEARTBEAT_MS = 2_000;

/** How far a job is whose image goes to the model server. */
const PREPARED = 0.4;

/** Why an attempt ends before its work does. */
type Interruption = Exclude<LeaseState, 'HELD'> | 'STOPPING';

/** Does a job whose lease `worker` has. Whatever becomes of it stands in the ledger; nothing is thrown.
 *  @param stopping aborts when the worker cannot wait for the job any longer */
export async function doJob(
  parts: AttemptParts,
  job: StoredJob,
  worker: string,
  stopping: AbortSignal,
): Promise<void> {
  const { ledger, classify, bell, logger, metrics } = parts;
  const { ended, wait, turnaround, attempt } = metrics;
  const { priority, createdAt, startedAt } = job;
  const isDeadly = job.deaths >= MAX_DEATHS;
  if (job.attempts === 1 && startedAt !== null) wait.observe({ priority }, (startedAt - createdAt) / 1_000);
  const timed = attempt.startTimer();
  const interrupted = new AbortController();
  const interrupt = (reason: Interruption) => interrupted.abort(reason);
  const beat = (progress?: number) =>
    ledger
      .renew(job.id, worker, LEASE_MS, progress)
      .then((state) => state === 'HELD' || interrupt(state))
      .catch((error: unknown) => logger.error({ err: error }, 'a lease was not prolonged'));
  const heartbeat = setInterval(beat, HEARTBEAT_MS);
  const heed = async () => {
    const now = (await ledger.jobs([job.id])).get(job.id);
    if (now?.cancelRequested) interrupt('CANCEL_REQUESTED');
  };
  // Who cancels it rings; should that go unheard, the next heartbeat tells.
  const unlisten = bell.listen(job.id, () => void heed().catch(() => undefined));
  const stop = () => interrupt('STOPPING');
  stopping.addEventListener('abort', stop, { once: true });
  if (stopping.aborted) stop();
  if (job.cancelRequested) interrupt('CANCEL_REQUESTED');
  const prepared = () => void beat(PREPARED).then(() => bell.ring(job.id));

  try {
    interrupted.signal.throwIfAborted();
    if (isDeadly) throw new RadiographError('INTERNAL', 'Given up after too many attempts');
    const radiograph = (await ledger.radiographs([job.radiographId])).get(job.radiographId);
    if (!radiograph) throw new RadiographError('NOT_FOUND', 'The radiograph of this job is gone');
    const answer = await unlessAborted(
      classify(radiograph, interrupted.signal, prepared),
      interrupted.signal,
    );
    await ledger.succeed(job.id, worker, { radiographId: radiograph.id, ...answer });
    ended.inc({ outcome: 'SUCCEEDED' });
    turnaround.observe({ priority }, Math.max(0, Date.now() - createdAt) / 1_000);
    logger.debug({ jobId: job.id, attempt: job.attempts }, 'job succeeded');
  } catch (error) {
    await (interrupted.signal.aborted ? giveBack() : fail(error)).catch((fault: unknown) =>
      // Its lease runs out, and another attempt follows.
      logger.error({ err: fault }, 'the end of an attempt was not stored'),
    );
  } finally {
    timed();
    clearInterval(heartbeat);
    stopping.removeEventListener('abort', stop);
    unlisten();
    bell.ring(job.id);
  }

  async function giveBack() {
    const reason = interrupted.signal.reason as Interruption;
    ended.inc({ outcome: reason });
    requestScope()?.span?.fail(reason);
    // A job that was taken back ends with it.
    if (reason !== 'LOST') await ledger.release(job.id, worker);
  }

  async function fail(error: unknown) {
    const code = codeOf(error);
    requestScope()?.span?.fail(code);
    // What has never been there is a wrong setting, which is told soon; an outage must not cost an image its reading.
    const met = isOutage(code) ? job.attempts - job.faults : job.faults + 1;
    const isAway = met >= MAX_ATTEMPTS && isOutage(code) && (await ledger.hasClassified());
    const most = isAway ? MAX_ATTEMPTS_IN_OUTAGE : MAX_ATTEMPTS;
    const retryAfter = isDeadly ? undefined : pauseBeforeRetry(code, met, Math.random(), most);
    const message = error instanceof RadiographError ? error.message : 'The work failed on our side';
    logger.warn({ jobId: job.id, attempt: job.attempts, code, retryAfter, err: error }, 'job attempt failed');
    ended.inc({ outcome: retryAfter === undefined ? code : 'RETRY' });
    await ledger.fail(job.id, worker, { code, message }, retryAfter);
  }
}

/** Work that may not heed the signal at once is left alone when it aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  // Whichever comes second is not heard any more.
  work.catch(() => undefined);
  aborted.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
