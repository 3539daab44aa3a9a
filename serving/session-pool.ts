import { Worker } from 'node:worker_threads';
import { ServingError } from './serving-error.ts';
import type { Endpoint, WorkerOutput, WorkerReply, WorkerRequest } from './session-worker.ts';

export type Task = Omit<WorkerRequest, 'id'> & { readonly cancelled: () => boolean };
export type TaskResult = {
  readonly outputs: WorkerOutput[];
  readonly queueMs: number;
  readonly computeMs: number;
};

/** Runs tasks on threads that each hold a session of one network. */
export type SessionPool = AsyncDisposable & {
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  /** @throws ServingError UNAVAILABLE when the queue is full, CANCELLED, INTERNAL when the network fails */
  run(task: Task): Promise<TaskResult>;
};

type Entry = {
  readonly task: Task;
  readonly since: number;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: Error) => void;
};
type Thread = { worker: Worker; entry?: Entry; startedAt: number };

/** Micro-batches that may wait; about ten seconds of work for a thread. */
const LONGEST_QUEUE = 1_024;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** @returns when every thread has loaded the network and run it once
 *  @throws Error when the network cannot be loaded */
export async function openSessionPool(path: string, size: number): Promise<SessionPool> {
  const queue: Entry[] = [];
  const threads = new Set<Thread>();
  let closing = false;
  let nextId = 0;

  const pump = () => {
    for (const thread of threads) {
      if (thread.entry) continue;
      const entry = nextWanted(queue);
      if (!entry) return;
      thread.entry = entry;
      thread.startedAt = performance.now();
      const { cancelled: _, ...request } = entry.task;
      thread.worker.postMessage({ ...request, id: nextId++ }, [request.data]);
    }
  };

  const addThread = async (): Promise<Extract<WorkerReply, { kind: 'ready' }>> => {
    const worker = new Worker(new URL('./session-worker.ts', import.meta.url), { workerData: { path } });
    const thread: Thread = { worker, startedAt: 0 };
    return new Promise((resolve, reject) => {
      worker.on('message', (reply: WorkerReply) => {
        if (reply.kind === 'ready') {
          threads.add(thread);
          resolve(reply);
        } else settle(thread, reply);
        pump();
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        reject(new Error('A session thread ended before it was ready'));
        if (!threads.delete(thread) || closing) return;
        thread.entry?.reject(new ServingError('INTERNAL', 'The session thread died'));
        restart(FIRST_PAUSE_MS);
      });
    });
  };

  const restart = (pauseMs: number) => {
    const again = () => addThread().catch(() => restart(Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)));
    setTimeout(() => closing || again(), pauseMs).unref();
  };

  const [ready] = await Promise.all(Array.from({ length: size }, addThread));
  if (!ready) throw new Error('Expected at least one session thread');
  return {
    inputs: ready.inputs,
    outputs: ready.outputs,
    run(task) {
      if (queue.length >= LONGEST_QUEUE)
        throw new ServingError(
          'UNAVAILABLE',
          'The batch scheduling queue to which this task was submitted is full',
        );
      return new Promise((resolve, reject) => {
        queue.push({ task, since: performance.now(), resolve, reject });
        pump();
      });
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      for (const entry of queue.splice(0))
        entry.reject(new ServingError('UNAVAILABLE', 'The server is shutting down'));
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

/** Nobody waits for a cancelled call any more: it is dropped before it costs a run. */
function nextWanted(queue: Entry[]): Entry | undefined {
  for (;;) {
    const entry = queue.shift();
    if (!entry?.task.cancelled()) return entry;
    entry.reject(new ServingError('CANCELLED', 'Cancelled on the server side'));
  }
}

function settle(thread: Thread, reply: Exclude<WorkerReply, { kind: 'ready' }>): void {
  const entry = thread.entry;
  delete thread.entry;
  if (!entry) return;
  if (reply.kind === 'failed') entry.reject(new ServingError('INTERNAL', reply.message));
  else
    entry.resolve({
      outputs: reply.outputs,
      queueMs: thread.startedAt - entry.since,
      computeMs: reply.computeMs,
    });
}
