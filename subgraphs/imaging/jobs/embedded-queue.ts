import type { Logger } from 'pino';
import type { JobQueue } from '../domain/job-queue.ts';
import { type LedgerSweep, sweepLedger } from './ledger-sweep.ts';

/** The ledger's own lease column is the queue: all that is left to do is to look at it in time. */
export function embeddedQueue(logger: Logger): JobQueue {
  const sweeps = new Set<LedgerSweep>();
  const wakeAll = () => {
    for (const { wake } of sweeps) wake();
  };
  return {
    add: wakeAll,
    stir: wakeAll,
    isWell: () => true,
    serve(taker) {
      const sweep = sweepLedger(taker, logger);
      sweeps.add(sweep);
      return {
        async [Symbol.asyncDispose]() {
          sweeps.delete(sweep);
          await sweep[Symbol.asyncDispose]();
        },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}
