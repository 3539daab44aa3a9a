import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { PaintRequest } from './paint-worker.ts';
import { type PainterThread, startPainterThread } from './painter-thread.ts';

/** Threads that paint pictures together, a band of rows each. */
export type Painters = AsyncDisposable & {
  readonly count: number;
  /** Has the thread that has the least to do paint a band; both pictures lie in shared memory.
   *  @throws Error when the thread dies: the next band gets another one */
  paint(request: PaintRequest): Promise<void>;
};

/** More bands than these are too small to be worth their messages. */
const MOST_THREADS = 4;

export function startPainters(logger: Logger): Painters {
  const threads = new Set<PainterThread>();
  let closing = false;

  const start = (): PainterThread => {
    const thread = startPainterThread();
    threads.add(thread);
    void thread.ended.then(() => {
      threads.delete(thread);
      if (!closing) logger.error('a painting thread died');
    });
    return thread;
  };

  const count = Math.min(MOST_THREADS, availableParallelism());
  while (threads.size < count) start();
  return {
    count,
    async paint(request) {
      if (closing) throw new Error('The painting threads have ended');
      while (threads.size < count) start();
      await [...threads].reduce((least, one) => (one.load < least.load ? one : least)).paint(request);
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}
