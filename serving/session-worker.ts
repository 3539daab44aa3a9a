import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** The thread that runs a network: `session.run` blocks its thread, so it has one of its own.
 *  Message in: { id, type, dims, data }. Message out: { id, outputs } or { id, error }; first of all { signature }. */
export type WorkerRequest = { id: number; type: 'uint8' | 'float32'; dims: number[]; data: ArrayBuffer };
export type WorkerOutput = { name: string; dims: number[]; data: ArrayBuffer };
export type WorkerReply =
  | { kind: 'ready'; inputs: Endpoint[]; outputs: Endpoint[] }
  | { kind: 'done'; id: number; outputs: WorkerOutput[]; computeMs: number }
  | { kind: 'failed'; id: number; message: string };
/** A named tensor of the network; -1 stands for a free dimension. */
export type Endpoint = { name: string; type: string; shape: number[] };

const port = parentPort;
if (!port) throw new Error('session-worker.ts runs in a worker thread only');
const { path } = workerData as { path: string };

const session = await InferenceSession.create(readFileSync(path), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const inputs = endpoints(session.inputMetadata);
const outputs = endpoints(session.outputMetadata);
const [input] = inputs;
if (!input) throw new Error('The network has no input');
await warmUp(input);
port.postMessage({ kind: 'ready', inputs, outputs } satisfies WorkerReply);

port.on('message', async ({ id, type, dims, data }: WorkerRequest) => {
  const started = performance.now();
  try {
    const values = type === 'uint8' ? new Uint8Array(data) : new Float32Array(data);
    const answer = await session.run({
      [input.name]: new Tensor(type, values as Float32Array & Uint8Array, dims),
    });
    const results = Object.entries(answer).map(([name, tensor]) => ({
      name,
      dims: [...tensor.dims],
      // A copy that can be handed over; the tensor's own memory belongs to the session.
      data: new Float32Array(tensor.data as Float32Array).buffer,
    }));
    const reply: WorkerReply = { kind: 'done', id, outputs: results, computeMs: performance.now() - started };
    port.postMessage(
      reply,
      results.map((result) => result.data),
    );
  } catch (error) {
    port.postMessage({ kind: 'failed', id, message: (error as Error).message } satisfies WorkerReply);
  }
});

/** The first run of a session is several times slower: nobody's request should be it. */
async function warmUp({ name, type, shape }: Endpoint): Promise<void> {
  const dims = shape.map((size) => Math.max(1, size));
  const length = dims.reduce((product, size) => product * size, 1);
  const zeros = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  await session.run({ [name]: new Tensor(type as 'uint8', zeros as Uint8Array, dims) });
}

function endpoints(metadata: InferenceSession['inputMetadata']): Endpoint[] {
  return metadata.flatMap((value) =>
    value.isTensor
      ? [
          {
            name: value.name,
            type: value.type,
            shape: value.shape.map((size) => (typeof size === 'number' ? size : -1)),
          },
        ]
      : [],
  );
}
