import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { bandsOf } from '../domain/overlay.ts';
import type { PaintRequest } from './paint-worker.ts';
import { type PainterThread, startPainterThread } from './painter-thread.ts';

/** Threads that paint a picture together, a band of its rows each. */
export type Painters = AsyncDisposable & {
  /** Paints `picture` (uint8 RGB [height, width, 3]); both pictures lie in shared memory. No thread is at them any more
   *  when this settles.
   *  @throws Error when a thread dies: the next picture gets another one */
  paint(painting: PaintRequest['painting'], picture: Uint8Array): Promise<void>;
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

  for (let place = 0; place < Math.min(MOST_THREADS, availableParallelism()); place += 1) start(place);
  return {
    async paint(painting, picture) {
      if (closing) throw new Error('The painting threads have ended');
      const bands = bandsOf(painting.grey.length / painting.width, threads.length);
      const painted = await Promise.allSettled(
        bands.map((band, place) => (threads[place] ?? start(place)).paint({ picture, painting, band })),
      );
      for (const band of painted) if (band.status === 'rejected') throw band.reason;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await Promise.all(threads.map(async (thread) => thread?.close()));
    },
  };
}
