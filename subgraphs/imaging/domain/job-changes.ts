import { RadiographError } from '#common/errors.ts';
import { hasEnded, type StoredJob } from './job.ts';

/** Wakes those who wait for a job. It only wakes: what is true stands in the ledger. */
export type JobBell = {
  /** Without an id for every job. */
  ring(jobId?: string): void;
  /** @returns a function that ends the listening */
  listen(jobId: string, wake: () => void): () => void;
};

/** The safety net under lost wake-ups. */
const POLL_MS = 5_000;

/** A job now and after every change, ending with its final state. Level-triggered: it listens first, then reads,
 *  and keeps one pending wake-up, so a slow reader skips states and queues nothing.
 *  Written by hand: in an async generator `return()` would wait behind a pending `next()`.
 *  @throws RadiographError NOT_FOUND from `next()` when there is no such job */
export function jobChanges(
  id: string,
  bell: JobBell,
  read: (id: string) => Promise<StoredJob | undefined>,
): AsyncIterableIterator<StoredJob> {
  let sent = 0;
  let ended = false;
  let rung = true;
  let wake: (() => void) | undefined;
  const ring = () => {
    rung = true;
    wake?.();
  };
  const unlisten = bell.listen(id, ring);
  const poll = setInterval(ring, POLL_MS);
  poll.unref();
  const end = (): IteratorResult<StoredJob> => {
    ended = true;
    clearInterval(poll);
    unlisten();
    ring();
    return { done: true, value: undefined };
  };

  return {
    async next() {
      while (!ended) {
        if (!rung) await new Promise<void>((resolve) => (wake = resolve));
        rung = false;
        if (ended) break;
        const job = await read(id).catch((error: unknown) => {
          end();
          throw error;
        });
        if (!job) {
          end();
          throw new RadiographError('NOT_FOUND', 'There is no job with this id');
        }
        if (job.version === sent) continue;
        sent = job.version;
        if (hasEnded(job)) end();
        return { done: false, value: job };
      }
      return { done: true, value: undefined };
    },
    async return() {
      return end();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The bell of one process. */
export function jobBell(): JobBell {
  const listeners = new Map<string, Set<() => void>>();
  return {
    ring(jobId) {
      const woken = jobId === undefined ? listeners.values() : [listeners.get(jobId) ?? []];
      for (const waiting of woken) for (const wake of waiting) wake();
    },
    listen(jobId, wake) {
      const waiting = listeners.get(jobId) ?? new Set();
      listeners.set(jobId, waiting.add(wake));
      return () => {
        waiting.delete(wake);
        // Called again it must not take the set of those who came after.
        if (waiting.size === 0 && listeners.get(jobId) === waiting) listeners.delete(jobId);
      };
    },
  };
}
