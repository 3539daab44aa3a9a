import { randomUUID } from 'node:crypto';
import { requestIdOf } from '#common/request-id.ts';
import { inScope, type Tracing } from '#common/request-scope.ts';
import type { StoredJob } from '../domain/job.ts';
import type { JobQueue, JobTaker } from '../domain/job-queue.ts';
import { type AttemptParts, doJob, LEASE_MS } from './job-attempt.ts';

type Parts = AttemptParts & {
  readonly queue: JobQueue;
  readonly tracing?: Tracing | undefined;
  /** How long jobs under way may take to end when the worker stops. */
  readonly drainMs?: number;
};

/** Jobs under way at once: enough to fill two batches of the model server while others decode. */
const CONCURRENCY = 16;
/** Less than the process has to drain as a whole. */
const DRAIN_MS = 8_000;

/** Does the jobs that the queue brings. Disposing it takes no more of them, waits for those under way, and gives back
 *  the leases of those that take too long. */
export function startWorker({ queue, tracing, drainMs = DRAIN_MS, ...parts }: Parts): AsyncDisposable {
  const name = randomUUID();
  const underWay = new Set<Promise<void>>();
  const givingBack = new AbortController();
  let stopping = false;

  const taker: JobTaker = {
    room: () => (stopping ? 0 : CONCURRENCY - underWay.size),
    async begin(jobId) {
      if (taker.room() <= 0) return undefined;
      const job = await parts.ledger.take(name, LEASE_MS, jobId);
      if (!job) return undefined;
      parts.bell.ring(job.id);
      const { metrics } = parts;
      metrics.underWay.inc();
      const done = onBehalf(job, tracing, () => doJob(parts, job, name, givingBack.signal)).finally(() => {
        metrics.underWay.dec();
        underWay.delete(done);
      });
      underWay.add(done);
      return { done };
    },
  };
  const serving = queue.serve(taker);

  return {
    async [Symbol.asyncDispose]() {
      stopping = true;
      const late = setTimeout(() => givingBack.abort(), drainMs);
      await serving[Symbol.asyncDispose]();
      await Promise.all(underWay);
      clearTimeout(late);
    },
  };
}

/** Does a job as a part of the request that it comes from, be that long answered. */
function onBehalf(job: StoredJob, tracing: Tracing | undefined, work: () => Promise<void>): Promise<void> {
  const { requestId, traceparent } = job.origin;
  const attributes = {
    'messaging.system': 'radiograph',
    'messaging.destination.name': 'jobs',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
  };
  const span = tracing?.begin('process jobs', { kind: 'consumer', attributes }, traceparent ?? undefined);
  // Jobs from before their origin was kept have an id of their own.
  return inScope({ requestId: requestIdOf(requestId ?? undefined), span }, work).finally(() => span?.end());
}
