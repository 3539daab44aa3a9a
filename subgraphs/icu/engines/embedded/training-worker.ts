import { parentPort, workerData } from 'node:worker_threads';
import { TrainingRefused, trainModel } from './training.ts';
import type { TrainingOrder, TrainingReply } from './training-thread.ts';

if (!parentPort) throw new Error('training-worker.ts runs in a worker thread only');
const { cases, types, seed } = workerData as TrainingOrder;
parentPort.postMessage(reply());

function reply(): TrainingReply {
  try {
    return { kind: 'trained', model: trainModel(cases, types, seed) };
  } catch (error) {
    // Any other error ends the thread, so that it is logged and its words stay inside.
    if (!(error instanceof TrainingRefused)) throw error;
    return { kind: 'refused', message: error.message };
  }
}
