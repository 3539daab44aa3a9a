import type { Inference, ModelCard } from './classification.ts';

/** Remembers inferences by the content address of the image, the model version with its digest, and the version of the
 *  preprocessing. It may forget at any time, and what it tells is what was stored. */
export interface InferenceCache extends AsyncDisposable {
  /** Never fails and never takes long: a cache out of order has nothing. */
  get(address: string, model: ModelCard): Promise<Inference | undefined>;
  /** Resolves when it is stored or given up; never fails. */
  set(address: string, model: ModelCard, inference: Inference): Promise<void>;
  /** Removes what is known of an image under all models and versions. What is inferred meanwhile may be stored after it.
   *  @throws Error when that cannot be said for sure now */
  forget(address: string): Promise<void>;
}
