import type { BlobStore } from '#common/blob-store.ts';
import { codeOf } from '#common/errors.ts';
import { traced } from '#common/request-scope.ts';
import type { Answered, Inference, ModelCard } from '../domain/classification.ts';
import type { ImageClassifier } from '../domain/classifier.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';
import { type ModelRoute, type ModelTrials, modelRoute } from '../domain/model-trial.ts';
import type { PictureOf } from '../domain/picture-of.ts';
import type { DriftWatch } from './drift-metrics.ts';
import type { Infer } from './inference-client.ts';
import type { InferenceMetrics } from './inference-metrics.ts';
import type { ModelCards } from './model-cards.ts';
import { modelInput } from './preprocess.ts';
import type { AvailableVersions } from './served-models.ts';
import { isAbsent } from './serving-fault.ts';
import type { Compared } from './shadow.ts';
import { singleFlight } from './single-flight.ts';

type Parts = {
  readonly blobs: BlobStore;
  readonly pictureOf: PictureOf;
  readonly cache: InferenceCache;
  readonly infer: Infer;
  readonly cards: ModelCards;
  readonly available: AvailableVersions;
  readonly trials: ModelTrials;
  /** Compares an answer with that of another version; never fails. */
  readonly shadow: (grey: Buffer, version: string, answered: Compared) => Promise<void>;
  readonly metrics: InferenceMetrics;
  readonly drift: DriftWatch;
};

/** Classifies by content address: equal images under the same model version and preprocessing are inferred once,
 *  and those that come at the same moment share one inference. */
export function cachedClassifier(parts: Parts): ImageClassifier {
  const { available, trials, metrics } = parts;
  const answers = singleFlight<Answered>();
  // Only trials need a version by its name. Else the server chooses, and may change over to a new one at any moment.
  const isNamed = trials.canary !== undefined || trials.shadow !== undefined;

  const along = async ({ main, canary, shadow }: ModelRoute, ...[image, signal, prepared]: Asked) => {
    const { originalAddress: address, encoded } = image;
    const answer = (version: string | undefined) =>
      answers(`${address}/${version}`, signal, (shared) =>
        answerOnce(parts, { address, encoded, version, isNamed, shadow, signal: shared, prepared }),
      );
    if (canary === undefined) return answer(main);
    try {
      const answered = await answer(canary);
      metrics.canary.inc({ outcome: 'answered' });
      return answered;
    } catch (error) {
      if (signal.aborted || codeOf(error) === 'UNSUPPORTED_IMAGE') throw error;
      // A version on trial takes no answer away.
      metrics.canary.inc({ outcome: 'fell_back' });
      return answer(main);
    }
  };

  return async (...asked) => {
    const [{ originalAddress: address }, signal] = asked;
    try {
      return await along(modelRoute(trials, await available(), address), ...asked);
    } catch (error) {
      if (!isNamed || signal.aborted || !isAbsent(error)) throw error;
      // Unloaded since its server last told what it has.
      return along(modelRoute(trials, await available(true), address), ...asked);
    }
  };
}

type Asked = Parameters<ImageClassifier>;

type Question = {
  readonly address: string;
  readonly encoded: Buffer | undefined;
  readonly version: string | undefined;
  readonly isNamed: boolean;
  readonly shadow: string | undefined;
  readonly signal: AbortSignal;
  readonly prepared: (() => void) | undefined;
};

async function answerOnce(parts: Parts, asked: Question): Promise<Answered> {
  const { blobs, pictureOf, cache, infer, cards, shadow, drift } = parts;
  const { address, version, signal } = asked;
  if (version !== undefined) {
    const model = await cards.card(version);
    const inference = await cache.get(address, model);
    if (inference) return { inference, model, cached: true };
  }
  const encoded = asked.encoded ?? (await blobs.get(address));
  if (!encoded) throw new Error('The stored image is gone');
  const grey = await traced('prepare radiograph', { kind: 'internal' }, async () =>
    modelInput((await pictureOf(encoded)).picture),
  );
  asked.prepared?.();
  const inference = await infer({ grey, signal, version: asked.isNamed ? version : undefined });
  const model = await cards.card(inference.modelVersion);
  checkAgainst(model, inference);
  drift(grey, inference, model);
  void cache.set(address, model, inference);
  if (asked.shadow !== undefined && asked.shadow !== model.version)
    void shadow(grey, asked.shadow, { inference, model });
  return { inference, model, cached: false };
}

function checkAgainst(model: ModelCard, inference: Inference): void {
  // Ranked under the labels of another model, the findings would be wrong without a sign of it.
  if (inference.probabilities.length !== model.labels.length)
    throw new Error(
      `Expected ${model.labels.length} labels, got ${inference.probabilities.length} probabilities`,
    );
  // Without its score, the gate would let everything through.
  if (model.outlierThreshold !== undefined && inference.outlierScore === undefined)
    throw new Error('Expected an outlier score, got none');
}
