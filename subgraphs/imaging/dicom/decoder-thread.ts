import { Worker } from 'node:worker_threads';
import { RadiographError } from '#common/errors.ts';
import type { DecoderReply } from './decoder-worker.ts';

export type Decoded = Extract<DecoderReply, { kind: 'read' }>;

/** A thread that reads one file at a time. */
export type DecoderThread = {
  /** @throws RadiographError when the file is refused, after which the thread goes on; ThreadLost when it does not */
  read(file: Uint8Array): Promise<Decoded>;
  close(): Promise<void>;
};

/** The thread is gone, or has to go. */
export class ThreadLost extends Error {
  override name = 'ThreadLost';
}

/** @param script what the thread runs */
export function startDecoderThread(deadlineMs: number, script: URL): DecoderThread {
  const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: 512 } });
  // Nobody waits for a thread that has nothing to do.
  worker.unref();
  let task: PromiseWithResolvers<Decoded> | undefined;
  let death: ThreadLost | undefined;
  worker.on('message', (reply: DecoderReply) => {
    if (reply.kind === 'read') task?.resolve(reply);
    else task?.reject(new RadiographError(reply.code, reply.message));
  });
  let cause: unknown;
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', () => {
    death = new ThreadLost('The decoding thread died', { cause });
    task?.reject(death);
  });

  return {
    async read(file) {
      if (death) throw death;
      const mine = Promise.withResolvers<Decoded>();
      task = mine;
      const timer = setTimeout(
        () => mine.reject(new ThreadLost(`Expected the picture within ${deadlineMs} ms`)),
        deadlineMs,
      );
      // A copy: what lies in a shared pool would take its neighbours along.
      const copy = new Uint8Array(file);
      worker.postMessage(copy, [copy.buffer]);
      return mine.promise.finally(() => clearTimeout(timer));
    },
    async close() {
      await worker.terminate();
    },
  };
}
