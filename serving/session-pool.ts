import type { Logger } from 'pino';
import { type Batch, callQueue, type Run, type RunResult } from './call-queue.ts';
import { microBatches } from './micro-batches.ts';
import { ServingError } from './serving-error.ts';
import { type SessionThread, startSessionThread, ThreadEnded } from './session-thread.ts';
import type { Endpoint } from './session-worker.ts';

/** Runs batches on threads that each hold a session of one network. */
export type SessionPool = AsyncDisposable & {
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  /** Images that wait for a thread, and images on one. */
  readonly load: { readonly queued: number; readonly running: number };
  /** Threads that are alive. */
  readonly threads: number;
  /** Splits a batch over the threads. A run whose thread dies is tried on another one, once.
   *  @throws ServingError UNAVAILABLE when the queue is full, CANCELLED, INTERNAL when the network fails */
  run(batch: Batch, signal: AbortSignal): Promise<RunResult[]>;
  /** Resolves when nothing is queued or running any more. */
  drained(): Promise<void>;
};
export type PoolOptions = {
  readonly threads: number;
  /** Images that may wait. */
  readonly queueLimit: number;
  readonly logger: Logger;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** @returns when every thread has loaded the network and run it
 *  @throws Error when the network cannot be loaded */
export async function openSessionPool(path: string, options: PoolOptions): Promise<SessionPool> {
  const queue = callQueue(options.queueLimit);
  const idle: SessionThread[] = [];
  const threads = new Set<SessionThread>();
  const calls = new Set<Promise<unknown>>();
  let running = 0;
  let closing = false;

  const pump = () => {
    while (idle.length > 0) {
      const run = queue.next();
      if (!run) return;
      void execute(idle.pop() as SessionThread, run);
    }
  };

  const execute = async (thread: SessionThread, run: Run) => {
    const { type, dims, bytes } = run.call.batch;
    const stride = bytes.length / (dims[0] ?? 1);
    const started = performance.now();
    running += run.size;
    try {
      const part = bytes.subarray(run.start * stride, (run.start + run.size) * stride);
      const result = await thread.run(type, [run.size, ...dims.slice(1)], part);
      queue.finish(run, { ...result, queueMs: started - run.since });
    } catch (error) {
      run.attempts += 1;
      if (error instanceof ThreadEnded && run.attempts === 1 && !closing) queue.again(run);
      else queue.fail(run, new ServingError('INTERNAL', (error as Error).message));
    }
    running -= run.size;
    if (threads.has(thread)) idle.push(thread);
    pump();
  };

  const addThread = async () => {
    const thread = await startSessionThread(path);
    if (closing) return void (await thread.close());
    threads.add(thread);
    idle.push(thread);
    void thread.ended.then(() => {
      threads.delete(thread);
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
      if (closing) return;
      options.logger.error('a session thread died');
      restart(FIRST_PAUSE_MS);
    });
    pump();
  };

  const restart = (pauseMs: number) => {
    const again = () => addThread().catch(() => restart(Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)));
    setTimeout(() => closing || again(), pauseMs).unref();
  };

  const close = async () => {
    closing = true;
    queue.failAll(new ServingError('UNAVAILABLE', 'The server is shutting down'));
    await Promise.all([...threads].map((thread) => thread.close()));
  };

  const starts = await Promise.allSettled(Array.from({ length: options.threads }, addThread));
  const failure = starts.find((start) => start.status === 'rejected');
  const [thread] = threads;
  if (failure || !thread) {
    await close();
    throw new Error('The network could not be loaded', { cause: failure?.reason });
  }
  const { inputs, outputs } = thread;
  const splits = inputs[0]?.shape[0] === -1;
  return {
    inputs,
    outputs,
    get load() {
      return { queued: queue.images, running };
    },
    get threads() {
      return threads.size;
    },
    async run(batch, signal) {
      const [count = 0] = batch.dims;
      const call = queue.add(batch, splits ? microBatches(count, options.threads) : [count], signal);
      calls.add(call);
      pump();
      return call.finally(() => calls.delete(call));
    },
    async drained() {
      while (calls.size > 0) await Promise.allSettled(calls);
    },
    [Symbol.asyncDispose]: close,
  };
}
