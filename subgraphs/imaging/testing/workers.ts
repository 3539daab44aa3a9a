import { pino } from 'pino';
import { Registry } from 'prom-client';
import { RadiographError } from '#common/errors.ts';
import type { Classifier } from '../domain/classifier.ts';
import { hasEnded, type JobPriority } from '../domain/job.ts';
import { jobBell } from '../domain/job-changes.ts';
import type { JobQueue } from '../domain/job-queue.ts';
import type { Ledger } from '../domain/ledger.ts';
import { jobMetrics } from '../jobs/job-metrics.ts';
import { startWorker } from '../jobs/worker.ts';
import { aClassification, aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { aFolder } from './system.ts';

/** A way to bring jobs to workers: each `open` is the queue of another process. */
export type QueuePlace = (ledger: Ledger) => Promise<JobQueue>;

/** A ledger with jobs in it, and workers that a test starts over it. */
export async function aWard(openQueue: QueuePlace) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await aFolder());
  const ledger = opening.use(openSqliteLedger(folder.path));
  const bell = jobBell();
  const queue = opening.use(await openQueue(ledger));
  const metrics = jobMetrics(new Registry());
  const stack = opening.move();
  const read = async (id: string) => (await ledger.jobs([id])).get(id);
  return {
    ledger,
    queue,
    read,
    /** Stores jobs; they are told to the queue unless it is said otherwise. */
    async submit(count: number, { priority = 'ROUTINE' as JobPriority, told = true } = {}) {
      const ids = [];
      for (let i = 0; i < count; i += 1) {
        const job = await ledger.submit(aRadiograph(), 'alice', priority);
        if (told) queue.add(job);
        ids.push(job.id);
      }
      return ids;
    },
    async cancel(id: string) {
      await ledger.cancel(id, 'bob');
      bell.ring(id);
    },
    /** The states of jobs when all have ended. */
    async ends(ids: readonly string[]) {
      for (;;) {
        const jobs = [...(await ledger.jobs(ids)).values()];
        if (jobs.every(hasEnded)) return jobs.map(({ state }) => state);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    /** A worker with a queue of its own, as in another process. */
    async worker(classify: Classifier, drainMs?: number) {
      const own = await openQueue(ledger);
      const logger = pino({ level: 'silent' });
      const drain = drainMs === undefined ? {} : { drainMs };
      const worker = startWorker({ ledger, classify, bell, queue: own, logger, metrics, ...drain });
      return {
        async [Symbol.asyncDispose]() {
          await worker[Symbol.asyncDispose]();
          await own[Symbol.asyncDispose]();
        },
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Answers at once. */
export const answer: Classifier = async ({ id }) => {
  const { inference, model, cached } = aClassification(id);
  return { inference, model, cached };
};

/** Never answers; tells when it was asked, and when it was told to stop. */
export function silence() {
  let asked: () => void = () => undefined;
  let stopped: () => void = () => undefined;
  const classify: Classifier = (_radiograph, signal) => {
    asked();
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        stopped();
        reject(new RadiographError('INTERNAL', 'stopped'));
      }),
    );
  };
  return {
    classify,
    asked: new Promise<void>((resolve) => (asked = resolve)),
    stopped: new Promise<void>((resolve) => (stopped = resolve)),
  };
}
