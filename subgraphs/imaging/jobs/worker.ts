import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { codeOf, RadiographError } from '#common/errors.ts';
import type { Classifier } from '../domain/classifier.ts';
import { MAX_ATTEMPTS, pauseBeforeRetry, type StoredJob } from '../domain/job.ts';
import type { JobBell } from '../domain/job-changes.ts';
import type { Ledger } from '../domain/ledger.ts';

type Parts = {
  readonly ledger: Ledger;
  readonly classify: Classifier;
  readonly bell: JobBell;
  readonly logger: Logger;
  readonly ended: Counter<'outcome'>;
};

export type Worker = AsyncDisposable & { wake(): void };

/** Jobs under way at once: enough to fill two batches of the model server while others decode. */
const CONCURRENCY = 16;
const LEASE_MS = 6_000;
const HEARTBEAT_MS = 2_000;
/** Looks for retries that are due and for leases that ran out. */
const SWEEP_MS = 500;

/** Does the queued jobs. Disposing it takes no more jobs, and waits for those under way. */
export function startWorker(parts: Parts): Worker {
  const { ledger, logger } = parts;
  const name = randomUUID();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let rouse: () => void = () => undefined;

  const loop = async () => {
    while (!stopping.signal.aborted) {
      const roused = new Promise<void>((resolve) => {
        rouse = resolve;
      });
      try {
        await fill();
      } catch (error) {
        // The ledger is out of reach for the moment; the sweep tries again.
        logger.error({ err: error }, 'taking a job failed');
      }
      await Promise.race([
        roused,
        pause(SWEEP_MS, undefined, { signal: stopping.signal }).catch(() => undefined),
      ]);
    }
    await Promise.allSettled(underWay);
  };

  const fill = async () => {
    while (underWay.size < CONCURRENCY && !stopping.signal.aborted) {
      const job = await ledger.take(name, LEASE_MS);
      if (!job) return;
      parts.bell.ring(job.id);
      const work = doJob(parts, job, name).finally(() => {
        underWay.delete(work);
        rouse();
      });
      underWay.add(work);
    }
  };

  const looping = loop();
  return {
    wake: () => rouse(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looping;
    },
  };
}

async function doJob(
  { ledger, classify, bell, logger, ended }: Parts,
  job: StoredJob,
  worker: string,
): Promise<void> {
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    ledger
      .renew(job.id, worker, LEASE_MS)
      .then((state) => state === 'HELD' || lost.abort())
      .catch((error: unknown) => logger.error({ err: error }, 'a lease was not prolonged'));
  }, HEARTBEAT_MS);
  try {
    // Its worker died each time before it could say why: the job itself may be the cause.
    if (job.attempts > MAX_ATTEMPTS)
      throw new RadiographError('INTERNAL', 'Given up after too many attempts');
    const radiograph = (await ledger.radiographs([job.radiographId])).get(job.radiographId);
    if (!radiograph) throw new RadiographError('NOT_FOUND', 'The radiograph of this job is gone');
    const { inference, model, cached } = await classify(radiograph, lost.signal);
    await ledger.succeed(job.id, worker, { radiographId: radiograph.id, inference, model, cached });
    ended.inc({ outcome: 'SUCCEEDED' });
  } catch (error) {
    const code = codeOf(error);
    const retryAfter = pauseBeforeRetry(code, job.attempts, Math.random());
    const message = error instanceof RadiographError ? error.message : 'The work failed on our side';
    logger.warn({ jobId: job.id, attempt: job.attempts, code, retryAfter, err: error }, 'job attempt failed');
    ended.inc({ outcome: retryAfter === undefined ? code : 'RETRY' });
    await ledger
      .fail(job.id, worker, { code, message }, retryAfter)
      .catch((fault: unknown) => logger.error({ err: fault }, 'a failure was not stored'));
  } finally {
    clearInterval(heartbeat);
    bell.ring(job.id);
  }
}
