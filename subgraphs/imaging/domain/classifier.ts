import type { Answered } from './classification.ts';
import type { StoredRadiograph } from './radiograph.ts';

/** Classifies a stored radiograph.
 *  @param prepared called when the image is decoded and goes to the model server; not when the answer was known
 *  @throws RadiographError UNSUPPORTED_IMAGE, MODEL_UNAVAILABLE, OVERLOADED, DEADLINE_EXCEEDED */
export type Classifier = (
  radiograph: StoredRadiograph,
  signal: AbortSignal,
  prepared?: () => void,
) => Promise<Answered>;

/** A stored image, and its file, or the picture that was made of it, where one is at hand. */
export type StoredImage = Pick<StoredRadiograph, 'originalAddress'> & { readonly encoded?: Buffer };

/** A classifier that needs nothing but the image. */
export type ImageClassifier = (
  image: StoredImage,
  ...rest: [signal: AbortSignal, prepared?: () => void]
) => Promise<Answered>;

/** A version of a model as its server reports it (states of TensorFlow Serving). */
export type ServedVersion = {
  readonly name: string;
  readonly version: string;
  readonly state: 'UNKNOWN' | 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';
  readonly digest: string | null;
  readonly engine: string;
};
