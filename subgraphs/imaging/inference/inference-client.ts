import { RadiographError } from '#common/errors.ts';
import type { Inference } from '../domain/classification.ts';
import type { Wanted } from './batch-queue.ts';
import type { Pool } from './pool.ts';
import { isInvalid } from './serving-fault.ts';

export type Infer = (wanted: Wanted) => Promise<Inference>;

/** Asks the pools in the order of preference until one answers. What its pool failed is gathered into batches of
 *  the next one's size.
 *  @throws ServingFault of the last pool asked, RadiographError MODEL_UNAVAILABLE, or the reason of the signal */
export function inferenceClient(pools: readonly Pool[]): Infer {
  return async (wanted) => {
    let refusal: unknown = new RadiographError('MODEL_UNAVAILABLE', 'No model server is configured');
    for (const pool of pools) {
      wanted.signal.throwIfAborted();
      try {
        return await pool.infer(wanted);
      } catch (error) {
        // Another pool would find it invalid as well.
        if (isInvalid(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  };
}
