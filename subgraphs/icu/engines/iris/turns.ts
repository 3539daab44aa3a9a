import { IrisFault } from './iris-fault.ts';

export type Turns = {
  /** Work that runs or waits. */
  pending(): number;
  /** Runs `work` when all before it has ended.
   *  @throws IrisFault timeout when the signal aborts before its turn; then nothing was done */
  inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
};

/** One at a time, in the order of asking. */
export function turns(): Turns {
  let tail: Promise<void> = Promise.resolve();
  let pending = 0;
  return {
    pending: () => pending,
    async inTurn(signal, work) {
      const before = tail;
      const done = Promise.withResolvers<void>();
      tail = before.then(() => done.promise);
      pending += 1;
      try {
        await untilAborted(before, signal);
        return await work();
      } finally {
        pending -= 1;
        done.resolve();
      }
    },
  };
}

function untilAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new IrisFault('timeout'));
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    turn.then(() => {
      signal.removeEventListener('abort', late);
      resolve();
    }, reject);
  });
}
