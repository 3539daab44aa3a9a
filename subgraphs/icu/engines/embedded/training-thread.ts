import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TrainingCase } from '../../domain/cohort.ts';
import type { ColumnTypes } from './columns.ts';
import { type TrainedModel, TrainingRefused } from './training.ts';

export type TrainingOrder = {
  readonly cases: readonly TrainingCase[];
  readonly types: ColumnTypes;
  readonly seed: number;
};
export type TrainingReply =
  | { readonly kind: 'trained'; readonly model: TrainedModel }
  | { readonly kind: 'refused'; readonly message: string };

/** Trains in a thread of its own, so that requests are answered meanwhile.
 *  @throws TrainingRefused, or any error when the thread ends without a model */
export async function trainInThread(order: TrainingOrder, signal: AbortSignal): Promise<TrainedModel> {
  const script = new URL('./training-worker.ts', import.meta.url);
  const worker = new Worker(script, { workerData: order, execArgv: [] });
  try {
    const [reply]: TrainingReply[] = await once(worker, 'message', { signal });
    if (reply?.kind === 'trained') return reply.model;
    throw new TrainingRefused(reply?.message);
  } finally {
    await worker.terminate();
  }
}
