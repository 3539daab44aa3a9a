import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession } from 'onnxruntime-node';
import sharp from 'sharp';
import { readRadiograph } from './read-radiograph.ts';

/** Message in: { id, encoded }. Message out: { id, bytes } of the heatmap, or { id, fault }; first of all { ready }. */
export type FloorRequest = { readonly id: number; readonly encoded: Uint8Array };
export type FloorReply = { readonly id: number; readonly bytes?: number; readonly fault?: string };

const port = parentPort;
if (!port) throw new Error('floor-worker.ts runs in a worker thread only');
sharp.cache(false);
sharp.concurrency(1);
const session = await InferenceSession.create(readFileSync((workerData as { model: string }).model), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
port.on('message', async ({ id, encoded }: FloorRequest) => {
  try {
    const { buffer, byteOffset, byteLength } = encoded;
    const { heatmap } = await readRadiograph(session, Buffer.from(buffer, byteOffset, byteLength));
    port.postMessage({ id, bytes: heatmap.length } satisfies FloorReply);
  } catch (error) {
    port.postMessage({ id, fault: (error as Error).message } satisfies FloorReply);
  }
});
port.postMessage({ id: -1 } satisfies FloorReply);
