import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { JOB_PRIORITIES, type StoredJob } from '../domain/job.ts';
import type { JobLeases } from '../domain/job-leases.ts';
import type { JobQueue, JobTaker } from '../domain/job-queue.ts';
import { sweepLedger } from './ledger-sweep.ts';
import { EvictingRedis, probeQueueRedis, queueRedis } from './queue-redis.ts';

type Parts = {
  readonly redisUrl: string;
  readonly ledger: Pick<JobLeases, 'overdue' | 'dueIn'>;
  readonly logger: Logger;
};

const QUEUE = 'radiograph-jobs';
/** As many as the worker does at once. */
const CONCURRENCY = 16;
/** More than the ledger's lease, which decides; BullMQ gives a dead worker's jobs out again after this. */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
/** Workers that may die over a job before BullMQ gives it up; whether it is lost then, the ledger says. */
const MOST_STALLS = 10;
/** Kept for a while under its id, so that a job that is told of twice is not run twice. */
const KEPT = { age: 60, count: 10_000 };
const PROBE_MS = 1_000;
/** What waited for so long may have been forgotten. */
const OVERDUE_MS = 5_000;
const SWEEP_MS = 2_000;
const SWEPT = 200;
const SOONEST_AGAIN_MS = 250;
const CLOSE_MS = 10_000;
const FIRST_PROBE_MS = 2_000;
const QUIET_MS = 10_000;

/** BullMQ on Redis says which job is next; whether it may be done, tried again and how often, the ledger decides.
 *  While Redis is away, full or forgetful, the worker takes its jobs from the ledger.
 *  @throws EvictingRedis when Redis answers and could throw jobs away */
export async function openBullmqQueue({ redisUrl, ledger, logger }: Parts): Promise<JobQueue> {
  const redis = queueRedis(redisUrl, false);
  const report = throttled(logger);
  const health = watchHealth(redis, report);
  // Whoever is not there yet is asked again every second.
  await once(redis, 'ready', { signal: AbortSignal.timeout(FIRST_PROBE_MS) }).then(health.probe, report);
  const refusal = health.refusal();
  if (refusal) {
    health[Symbol.dispose]();
    redis.disconnect();
    throw refusal;
  }
  const queue = new Queue(QUEUE, { connection: redis });
  queue.on('error', report);

  const add = async ({ id, priority }: Pick<StoredJob, 'id' | 'priority'>) => {
    // Of BullMQ's numbers 0 comes first.
    await queue.add('classify', null, { jobId: id, priority: JOB_PRIORITIES.indexOf(priority) });
  };
  /** Adds again what the queue does not know any more, or holds to be over. */
  const addForgotten = async () => {
    for (const job of await ledger.overdue(OVERDUE_MS, SWEPT)) {
      const known = await queue.getJobState(job.id);
      if (known === 'completed' || known === 'failed') await queue.remove(job.id);
      else if (known !== 'unknown') continue;
      await add(job);
    }
  };
  const sweeper = setInterval(() => {
    if (health.isWell()) addForgotten().catch(health.fell);
  }, SWEEP_MS);
  sweeper.unref();

  return {
    add(job) {
      if (health.isWell()) add(job).catch(health.fell);
    },
    stir() {},
    isWell: health.isWell,
    serve: (taker) => serve(taker, { redisUrl, ledger, logger, health, report }),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      health[Symbol.dispose]();
      await atMost(PROBE_MS, queue.close().catch(report));
      redis.disconnect();
    },
  };
}

type Serving = Parts & { readonly health: Health; readonly report: (error: unknown) => void };

function serve(taker: JobTaker, { redisUrl, ledger, logger, health, report }: Serving): AsyncDisposable {
  const redis = queueRedis(redisUrl, true);
  const again = async (job: Job, token: string | undefined, ms: number) => {
    await job.moveToDelayed(Date.now() + Math.max(ms, SOONEST_AGAIN_MS), token);
    throw new DelayedError();
  };
  const worker = new Worker(
    QUEUE,
    async (job, token) => {
      let dueIn: number | undefined = PROBE_MS;
      try {
        await (await taker.begin(job.id))?.done;
        dueIn = await ledger.dueIn(String(job.id));
      } catch (error) {
        report(error);
      }
      // Another attempt, another worker's lease, or no room: the ledger says when to come again.
      if (dueIn !== undefined) await again(job, token, dueIn);
    },
    {
      connection: redis,
      concurrency: CONCURRENCY,
      runRetryDelay: PROBE_MS,
      maxStalledCount: MOST_STALLS,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
      removeOnComplete: KEPT,
      removeOnFail: KEPT,
    },
  );
  worker.on('error', (error) => {
    report(error);
    health.fell(error);
  });
  const sweep = sweepLedger(taker, logger, () => !health.isWell());
  // A full Redis would have the worker fail without a pause: it rests until a write succeeds.
  const heed = (isWell: boolean) => {
    (isWell ? worker.resume() : worker.pause(true)).catch(report);
    sweep.wake();
  };
  health.onChange(heed);
  if (!health.isWell()) heed(false);
  return {
    async [Symbol.asyncDispose]() {
      await sweep[Symbol.asyncDispose]();
      // Without Redis it would wait for it; what the jobs did stands in the ledger.
      const patience = health.isWell() ? CLOSE_MS : PROBE_MS;
      await atMost(patience, worker.close().catch(report));
      redis.disconnect();
    },
  };
}

/** Waits no longer than `ms`, and leaves no timer behind that would keep the process alive. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, pause(ms, undefined, { signal: done.signal })]);
  } finally {
    done.abort();
  }
}

type Health = ReturnType<typeof watchHealth>;

/** Whether the queue's Redis answers and has room, asked every second and after each fault. */
function watchHealth(redis: Redis, report: (error: unknown) => void) {
  let well = false;
  let refusal: EvictingRedis | undefined;
  const listeners: ((isWell: boolean) => void)[] = [];
  const become = (isWell: boolean) => {
    if (isWell === well) return;
    well = isWell;
    for (const listener of listeners) listener(isWell);
  };
  const probe = async () => {
    try {
      await probeQueueRedis(redis);
      refusal = undefined;
      become(true);
    } catch (error) {
      if (error instanceof EvictingRedis) refusal = error;
      report(error);
      become(false);
    }
  };
  const timer = setInterval(() => void probe(), PROBE_MS);
  timer.unref();
  redis.on('close', () => become(false));
  return {
    probe,
    isWell: () => well,
    refusal: () => refusal,
    fell(error: unknown) {
      report(error);
      become(false);
    },
    onChange(listener: (isWell: boolean) => void) {
      listeners.push(listener);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

/** One line in ten seconds, with what came in between as a number. */
function throttled(logger: Logger): (error: unknown) => void {
  let quietUntil = 0;
  let unsaid = 0;
  return (error) => {
    unsaid += 1;
    if (Date.now() < quietUntil) return;
    logger.warn({ err: error, faults: unsaid }, 'the queue on Redis is out of order; the ledger is swept');
    quietUntil = Date.now() + QUIET_MS;
    unsaid = 0;
  };
}
