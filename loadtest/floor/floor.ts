import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FloorReply, FloorRequest } from './floor-worker.ts';

/** The work itself on all cores: no network, no storage. */
export type Floor = AsyncDisposable & {
  /** Pieces of work that keep every core busy when they are under way together. */
  readonly lanes: number;
  /** @returns the size of the heatmap in bytes */
  read(encoded: Buffer): Promise<number>;
};

/** While one radiograph of a thread is encoded by the pool of libuv, the thread runs the network on another. */
const EACH = 3;

type Thread = { readonly worker: Worker; underWay: number };

/** @param model path of the ONNX file */
export async function openFloor(model: string): Promise<Floor> {
  const waiting = new Map<number, (reply: FloorReply) => void>();
  let last = 0;
  const threads: Thread[] = await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      const worker = new Worker(new URL('./floor-worker.ts', import.meta.url), { workerData: { model } });
      await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      worker.on('message', (reply: FloorReply) => waiting.get(reply.id)?.(reply));
      return { worker, underWay: 0 };
    }),
  );
  return {
    lanes: EACH * threads.length,
    async read(encoded) {
      const thread = threads.reduce((least, one) => (one.underWay < least.underWay ? one : least));
      const id = ++last;
      thread.underWay += 1;
      const { bytes = 0, fault } = await new Promise<FloorReply>((resolve) => {
        waiting.set(id, resolve);
        thread.worker.postMessage({ id, encoded } satisfies FloorRequest);
      });
      waiting.delete(id);
      thread.underWay -= 1;
      if (fault !== undefined) throw new Error(fault);
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}
