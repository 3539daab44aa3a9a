import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { PaintRequest } from './paint-worker.ts';
import { type PainterThread, startPainterThread } from './painter-thread.ts';

/** Threads that paint pictures together, a band of rows each. */
export type Painters = AsyncDisposable & {
  readonly count: number;
  /** Has the thread of a place, 0 to `count` − 1, paint a band; both pictures lie in shared memory.
   *  @throws Error when the thread dies: the next band gets another one */
  paint(request: PaintRequest, place: number): Promise<void>;
};

/** More bands than these are too small to be worth their messages. */
const MOST_THREADS = 4;

export function startPainters(logger: Logger): Painters {
  const threads: (PainterThread | undefined)[] = [];
  let closing = false;

  const start = (place: number): PainterThread => {
    const thread = startPainterThread();
    threads[place] = thread;
    void thread.ended.then(() => {
      threads[place] = undefined;
      if (!closing) logger.error('a painting thread died');
    });
    return thread;
  };

  const count = Math.min(MOST_THREADS, availableParallelism());
  for (let place = 0; place < count; place += 1) start(place);
  return {
    count,
    async paint(request, place) {
      if (closing) throw new Error('The painting threads have ended');
      await (threads[place] ?? start(place)).paint(request);
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await Promise.all(threads.map(async (thread) => thread?.close()));
    },
  };
}
