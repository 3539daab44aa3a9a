import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import type { BlobStore } from '#common/blob-store.ts';
import type { Inference } from '../domain/classification.ts';
import type { Classifier } from '../domain/classifier.ts';
import type { ModelCards } from './model-cards.ts';
import { modelInput, PREPROCESSING_VERSION } from './preprocess.ts';

type Parts = {
  readonly blobs: BlobStore;
  readonly infer: (grey: Buffer) => Promise<Inference>;
  readonly cards: ModelCards;
  /** The version that answers now, or undefined when no server says: the cache is keyed by it. */
  readonly servedVersion: () => Promise<string | undefined>;
  readonly lookups: Counter<'outcome'>;
};

/** About 4 KB each: three 16 × 16 maps and the probabilities. */
const ENTRIES = 10_000;

/** Classifies by content address: equal images under the same model version and preprocessing are inferred once,
 *  and those that come at the same moment share one inference. */
export function cachedClassifier({ blobs, infer, cards, servedVersion, lookups }: Parts): Classifier {
  const cache = new LRUCache<string, Inference>({ max: ENTRIES });
  const underWay = new Map<string, Promise<Inference>>();
  const keyOf = async (address: string, version: string) =>
    `${address}:${version}:${(await cards.card(version)).digest}:${PREPROCESSING_VERSION}`;

  const inferOnce = (address: string, prepared?: () => void): Promise<Inference> => {
    const existing = underWay.get(address);
    if (existing) return existing;
    const started = inferStored(blobs, infer, address, prepared).finally(() => underWay.delete(address));
    underWay.set(address, started);
    return started;
  };

  return async (radiograph, _signal, prepared) => {
    const address = radiograph.originalAddress;
    const version = await servedVersion();
    const hit = version === undefined ? undefined : cache.get(await keyOf(address, version));
    lookups.inc({ outcome: hit ? 'hit' : 'miss' });
    const inference = hit ?? (await inferOnce(address, prepared));
    if (!hit) cache.set(await keyOf(address, inference.modelVersion), inference);
    const model = await cards.card(inference.modelVersion);
    // Ranked under the labels of another model, the findings would be wrong without a sign of it.
    if (inference.probabilities.length !== model.labels.length)
      throw new Error(
        `Expected ${model.labels.length} labels, got ${inference.probabilities.length} probabilities`,
      );
    // Without its score, the gate would let everything through.
    if (model.outlierThreshold !== undefined && inference.outlierScore === undefined)
      throw new Error('Expected an outlier score, got none');
    return { inference, model, cached: hit !== undefined };
  };
}

async function inferStored(
  blobs: BlobStore,
  infer: Parts['infer'],
  address: string,
  prepared?: () => void,
): Promise<Inference> {
  const encoded = await blobs.get(address);
  if (!encoded) throw new Error('The stored image is gone');
  const grey = await modelInput(encoded);
  prepared?.();
  return infer(grey);
}
