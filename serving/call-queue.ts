import { ServingError } from './serving-error.ts';
import type { WorkerOutput } from './session-worker.ts';

/** One input tensor of `dims[0]` images. */
export type Batch = {
  readonly type: 'uint8' | 'float32';
  readonly dims: readonly number[];
  readonly bytes: Buffer;
};
export type RunResult = {
  readonly outputs: readonly WorkerOutput[];
  readonly queueMs: number;
  readonly computeMs: number;
};

type Call = {
  readonly batch: Batch;
  readonly due: number;
  readonly waiting: Run[];
  readonly results: RunResult[];
  unfinished: number;
  dropped: boolean;
  readonly resolve: (results: RunResult[]) => void;
  readonly reject: (error: ServingError) => void;
};
/** Images of one call that a thread runs together: `size` of them from `start` on. */
export type Run = {
  readonly call: Call;
  readonly index: number;
  readonly start: number;
  readonly size: number;
  readonly since: number;
  attempts: number;
};

export type CallQueue = {
  /** Images that wait for a thread. */
  readonly images: number;
  /** Queues a batch as runs of the given sizes; an aborted signal drops what has not started.
   *  @returns the results in the order of the images
   *  @throws ServingError UNAVAILABLE when the queue is full, CANCELLED, or what a run failed with */
  add(batch: Batch, sizes: readonly number[], signal: AbortSignal): Promise<RunResult[]>;
  /** Takes the run that is to start next. */
  next(): Run | undefined;
  finish(run: Run, result: RunResult): void;
  fail(run: Run, error: ServingError): void;
  /** Queues a run again whose thread died. */
  again(run: Run): void;
  failAll(error: ServingError): void;
};

/** The bounded queue of one model version. A call is due after as many images as were started when it came plus its
 *  own: equal calls are served in their order, a small one overtakes a huge one, and a huge one is overtaken by no
 *  more images than it has itself.
 *  @param limit images that may wait; a call that finds so many is refused */
export function callQueue(limit: number): CallQueue {
  const calls: Call[] = [];
  let images = 0;
  let started = 0;

  const insert = (call: Call) => calls.splice(calls.findLastIndex(({ due }) => due <= call.due) + 1, 0, call);
  const drop = (call: Call, error: ServingError) => {
    const at = calls.indexOf(call);
    if (at >= 0) calls.splice(at, 1);
    for (const { size } of call.waiting.splice(0)) images -= size;
    call.dropped = true;
    call.reject(error);
  };

  return {
    get images() {
      return images;
    },
    async add(batch, sizes, signal) {
      if (signal.aborted) throw cancelled();
      if (images >= limit)
        throw new ServingError(
          'UNAVAILABLE',
          'The batch scheduling queue to which this task was submitted is full',
        );
      const { promise, resolve, reject } = Promise.withResolvers<RunResult[]>();
      const count = sizes.reduce((sum, size) => sum + size, 0);
      const call: Call = {
        batch,
        due: started + count,
        waiting: [],
        results: [],
        unfinished: sizes.length,
        dropped: false,
        resolve,
        reject,
      };
      const since = performance.now();
      let start = 0;
      for (const [index, size] of sizes.entries()) {
        call.waiting.push({ call, index, start, size, since, attempts: 0 });
        start += size;
      }
      images += count;
      insert(call);
      signal.addEventListener('abort', () => drop(call, cancelled()), { once: true });
      return promise;
    },
    next() {
      const [call] = calls;
      const run = call?.waiting.shift();
      if (!call || !run) return undefined;
      if (call.waiting.length === 0) calls.shift();
      images -= run.size;
      started += run.size;
      return run;
    },
    finish({ call, index }, result) {
      call.results[index] = result;
      call.unfinished -= 1;
      if (call.unfinished === 0) call.resolve(call.results);
    },
    fail: ({ call }, error) => drop(call, error),
    again(run) {
      if (run.call.dropped) return;
      if (run.call.waiting.length === 0) insert(run.call);
      run.call.waiting.unshift(run);
      images += run.size;
    },
    failAll(error) {
      for (const call of [...calls]) drop(call, error);
    },
  };
}

function cancelled(): ServingError {
  return new ServingError('CANCELLED', 'Cancelled on the server side');
}
