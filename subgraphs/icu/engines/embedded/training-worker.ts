import { parentPort, workerData } from 'node:worker_threads';
import { trainModel } from './training.ts';
import type { TrainingOrder, TrainingReply } from './training-thread.ts';

if (!parentPort) throw new Error('training-worker.ts runs in a worker thread only');
const { cases, types, seed } = workerData as TrainingOrder;
parentPort.postMessage(reply());

function reply(): TrainingReply {
  try {
    return { kind: 'trained', model: trainModel(cases, types, seed) };
  } catch (error) {
    return { kind: 'refused', message: (error as Error).message };
  }
}
