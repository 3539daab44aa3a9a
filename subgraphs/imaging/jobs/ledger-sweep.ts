import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { JobTaker } from '../domain/job-queue.ts';

/** Looks for retries that are due, and for leases that ran out. */
const SWEEP_MS = 500;

export type LedgerSweep = AsyncDisposable & { wake(): void };

/** Lets a worker take whatever the ledger has, as long as there is something and it has room: when it is woken, when a
 *  job is over, and twice in a second. @param isOn whether it does so now */
export function sweepLedger(taker: JobTaker, logger: Logger, isOn: () => boolean = () => true): LedgerSweep {
  const stopping = new AbortController();
  let wake: () => void = () => undefined;

  const fill = async () => {
    while (isOn() && taker.room() > 0 && !stopping.signal.aborted) {
      const begun = await taker.begin();
      if (!begun) return;
      void begun.done.then(() => wake());
    }
  };
  const sweep = async () => {
    while (!stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      // The ledger is out of reach for the moment: the next sweep tries again.
      await fill().catch((error: unknown) => logger.error({ err: error }, 'taking a job failed'));
      const swept = pause(SWEEP_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      await Promise.race([woken, swept]);
    }
  };

  const sweeping = sweep();
  return {
    wake: () => wake(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await sweeping;
    },
  };
}
