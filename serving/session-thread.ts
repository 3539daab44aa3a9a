import { Worker } from 'node:worker_threads';
import { LARGEST_RUN } from './micro-batches.ts';
import type { Endpoint, WorkerOutput, WorkerReply, WorkerRequest } from './session-worker.ts';

export type ThreadResult = { readonly outputs: readonly WorkerOutput[]; readonly computeMs: number };

/** A thread with a session of one network. It runs one task at a time. */
export type SessionThread = {
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  /** @param bytes the input's elements, copied before this returns
   *  @throws ThreadEnded, or Error with ONNX Runtime's own words */
  run(type: WorkerRequest['type'], dims: number[], bytes: Uint8Array): Promise<ThreadResult>;
  /** Resolves when the thread is gone, asked for or not. */
  readonly ended: Promise<void>;
  /** Ends the thread after its task: ending one inside ONNX Runtime would abort the whole process. */
  close(): Promise<void>;
};

export class ThreadEnded extends Error {
  override name = 'ThreadEnded';
}

/** @returns when the network is loaded and has run
 *  @throws Error when it cannot be loaded */
export async function startSessionThread(path: string): Promise<SessionThread> {
  const worker = new Worker(new URL('./session-worker.ts', import.meta.url), {
    workerData: { path, largestRun: LARGEST_RUN },
  });
  const ready = Promise.withResolvers<Extract<WorkerReply, { kind: 'ready' }>>();
  const ended = Promise.withResolvers<void>();
  let task: PromiseWithResolvers<ThreadResult> | undefined;
  let slot = new SharedArrayBuffer(0);

  worker.on('message', (reply: WorkerReply) => {
    if (reply.kind === 'ready') ready.resolve(reply);
    else if (reply.kind === 'done') task?.resolve(reply);
    else task?.reject(new Error(reply.message));
  });
  let cause: unknown;
  let death: ThreadEnded | undefined;
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', () => {
    death = new ThreadEnded('The session thread died', { cause });
    ready.reject(death);
    // First of the two: who hears of the lost task must not give this thread another one.
    ended.resolve();
    task?.reject(death);
  });

  const { inputs, outputs } = await ready.promise;
  return {
    inputs,
    outputs,
    async run(type, dims, bytes) {
      if (death) throw death;
      if (slot.byteLength < bytes.length) slot = new SharedArrayBuffer(bytes.length);
      new Uint8Array(slot).set(bytes);
      task = Promise.withResolvers();
      worker.postMessage({ type, dims, slot } satisfies WorkerRequest);
      return task.promise;
    },
    ended: ended.promise,
    async close() {
      await task?.promise.catch(() => undefined);
      await worker.terminate();
    },
  };
}
