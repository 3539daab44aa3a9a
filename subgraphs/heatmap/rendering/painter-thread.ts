import { Worker } from 'node:worker_threads';
import type { PaintRequest } from './paint-worker.ts';

/** A thread that paints. It paints in the order it was asked to. */
export type PainterThread = {
  /** @throws Error when the thread dies, or has died */
  paint(request: PaintRequest): Promise<void>;
  /** Bands that it has not painted yet. */
  readonly load: number;
  /** Resolves when the thread is gone, asked for or not. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
};

export function startPainterThread(): PainterThread {
  const worker = new Worker(new URL('./paint-worker.ts', import.meta.url));
  const ended = Promise.withResolvers<void>();
  const waiting: PromiseWithResolvers<void>[] = [];
  let death: Error | undefined;
  let cause: unknown;

  worker.on('message', () => waiting.shift()?.resolve());
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', () => {
    death = new Error('The painting thread died', { cause });
    // First of the two: who hears of the lost picture must not give this thread another one.
    ended.resolve();
    for (const task of waiting.splice(0)) task.reject(death);
  });

  return {
    async paint(request) {
      if (death) throw death;
      const task = Promise.withResolvers<void>();
      // A message that cannot be sent leaves nobody waiting.
      worker.postMessage(request);
      waiting.push(task);
      return task.promise;
    },
    get load() {
      return waiting.length;
    },
    ended: ended.promise,
    async close() {
      await worker.terminate();
    },
  };
}
