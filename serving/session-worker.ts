import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** The thread that runs a network: `session.run` blocks its thread, so it has one of its own. The pixels come in
 *  shared memory: a buffer handed over with each message costs more than the copy, and the collector has to free it. */
export type WorkerRequest = { type: 'uint8' | 'float32'; dims: number[]; slot: SharedArrayBuffer };
export type WorkerOutput = { name: string; dims: readonly number[]; data: Float32Array };
export type WorkerReply =
  | { kind: 'ready'; inputs: Endpoint[]; outputs: Endpoint[] }
  | { kind: 'done'; outputs: WorkerOutput[]; computeMs: number }
  | { kind: 'failed'; message: string };
/** A named tensor of the network; -1 stands for a free dimension. */
export type Endpoint = { name: string; type: string; shape: number[] };

const port = parentPort;
if (!port) throw new Error('session-worker.ts runs in a worker thread only');
const { path, largestRun } = workerData as { path: string; largestRun: number };

const session = await InferenceSession.create(path, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const inputs = endpoints(session.inputMetadata);
const outputs = endpoints(session.outputMetadata);
const [input] = inputs;
if (!input || inputs.length > 1) throw new Error(`Expected a network with one input, got ${inputs.length}`);
const other = outputs.find(({ type }) => type !== 'float32');
if (other) throw new Error(`Expected outputs of type float32, got ${other.name} of ${other.type}`);
await warmUp(input);
port.postMessage({ kind: 'ready', inputs, outputs } satisfies WorkerReply);

port.on('message', async ({ type, dims, slot }: WorkerRequest) => {
  const started = performance.now();
  try {
    const answer = await run(input.name, type, dims, slot);
    const results = Object.entries(answer).map(([name, tensor]) => ({
      name,
      dims: tensor.dims,
      data: tensor.data as Float32Array,
    }));
    const reply: WorkerReply = { kind: 'done', outputs: results, computeMs: performance.now() - started };
    port.postMessage(reply);
  } catch (error) {
    port.postMessage({ kind: 'failed', message: (error as Error).message } satisfies WorkerReply);
  }
});

function run(name: string, type: WorkerRequest['type'], dims: readonly number[], slot: SharedArrayBuffer) {
  const length = dims.reduce((product, size) => product * size, 1);
  const values = type === 'uint8' ? new Uint8Array(slot, 0, length) : new Float32Array(slot, 0, length);
  return session.run({ [name]: new Tensor(type, values as Float32Array & Uint8Array, dims) });
}

/** The first runs of a session are several times slower and fix the size of its memory: nobody's request should be
 *  one of them. */
async function warmUp({ name, type, shape }: Endpoint): Promise<void> {
  if (type !== 'uint8' && type !== 'float32')
    throw new Error(`Expected an input of uint8 or float32, got ${type}`);
  for (const count of [1, largestRun]) {
    const dims = shape.map((size, axis) => (size > 0 ? size : axis === 0 ? count : 1));
    const length = dims.reduce((product, size) => product * size, 1);
    await run(name, type, dims, new SharedArrayBuffer(length * (type === 'uint8' ? 1 : 4)));
  }
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
