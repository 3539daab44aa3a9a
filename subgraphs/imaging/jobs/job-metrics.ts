import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Backlog, JobLeases } from '../domain/job-leases.ts';
import type { Ledger } from '../domain/ledger.ts';

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

export type JobMetrics = ReturnType<typeof jobMetrics>;

/** What becomes of jobs in this process. */
export function jobMetrics(registry: Registry) {
  const registers = [registry];
  return {
    ended: new Counter({
      name: 'job_attempts_total',
      help: 'Attempts at jobs by how they ended: SUCCEEDED, the code that they FAILED with, RETRY, or the lease was LOST, given back STOPPING, or CANCEL_REQUESTED',
      labelNames: ['outcome'] as const,
      registers,
    }),
    wait: new Histogram({
      name: 'job_wait_seconds',
      help: 'From the acceptance of a job to its first attempt',
      labelNames: ['priority'] as const,
      buckets: SECONDS,
      registers,
    }),
    turnaround: new Histogram({
      name: 'job_turnaround_seconds',
      help: 'From the acceptance of a job to its result',
      labelNames: ['priority'] as const,
      buckets: SECONDS,
      registers,
    }),
    attempt: new Histogram({
      name: 'job_attempt_seconds',
      help: 'Attempts at jobs, however they ended',
      buckets: SECONDS,
      registers,
    }),
    underWay: new Gauge({
      name: 'jobs_in_flight',
      help: 'Jobs that the worker of this process has under way',
      registers,
    }),
  };
}

type Watched = Pick<JobLeases, 'backlog'> & Pick<Ledger, 'connections'>;

/** What the ledger knows when it is asked: the same from each process over one ledger. While it does not answer,
 *  `ledger_up` is 0 and the others have no value. */
export function watchLedger(registry: Registry, ledger: Watched): void {
  let asking: Promise<Backlog | undefined> | undefined;
  // One question for all that a scrape shows of it.
  const asked = () => {
    asking ??= ledger
      .backlog()
      .catch(() => undefined)
      .finally(() => setImmediate(() => (asking = undefined)));
    return asking;
  };
  const gauge = (name: string, help: string, of: (backlog: Backlog | undefined) => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        this.set(of(await asked()));
      },
    });
  gauge('ledger_up', 'Whether the ledger answers', (backlog) => (backlog ? 1 : 0));
  gauge('jobs_waiting', 'Jobs that have not ended', (backlog) =>
    backlog ? backlog.queued + backlog.running : Number.NaN,
  );
  gauge('jobs_oldest_queued_seconds', 'Age of the oldest job that waits for an attempt', (backlog) =>
    backlog ? backlog.oldestQueuedMs / 1_000 : Number.NaN,
  );
  new Gauge({
    name: 'jobs_by_state',
    help: 'Jobs that have not ended, by their state',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      const backlog = await asked();
      this.set({ state: 'QUEUED' }, backlog?.queued ?? Number.NaN);
      this.set({ state: 'RUNNING' }, backlog?.running ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'ledger_connections',
    help: 'Connections to PostgreSQL: open, of them idle, and statements waiting for one; none with SQLite',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(ledger.connections?.() ?? {})) this.set({ state }, count);
    },
  });
}
