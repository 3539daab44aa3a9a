import { setTimeout as pause } from 'node:timers/promises';
import type { Answered } from '../domain/classification.ts';
import type { Classifier, ImageClassifier, StoredImage } from '../domain/classifier.ts';

/** How long an answer waits for its job, which may never come: the image turned out to be torn. */
const KEPT_MS = 10_000;
/** How long the acceptance of an image waits for its answer. Its sender waits for that in any case; but once this is
 *  over, the job should stand in the ledger. */
const PATIENCE_MS = 100;

export type EarlyClassifications = {
  begin(image: Required<StoredImage>): void;
  /** @returns the answer, or undefined when there is none soon */
  soon(originalAddress: string): Promise<Answered | undefined>;
  /** For the job: takes what was begun, or begins anew when that failed. */
  readonly classify: Classifier;
};

/** Classifies an image while its picture for display is still being drawn. It is the job's own work, only sooner: when
 *  it is done in time, the image is stored with its classification, and nobody has to take its job. */
export function earlyClassifications(classify: ImageClassifier): EarlyClassifications {
  const begun = new Map<string, Promise<Answered>>();
  return {
    begin(image) {
      const { originalAddress } = image;
      if (begun.has(originalAddress)) return;
      const answer = classify(image, new AbortController().signal);
      begun.set(originalAddress, answer);
      const forget = () => begun.get(originalAddress) === answer && begun.delete(originalAddress);
      answer.catch(forget);
      setTimeout(forget, KEPT_MS).unref();
    },
    async soon(originalAddress) {
      const early = begun.get(originalAddress)?.catch(() => undefined);
      const late = new AbortController();
      const waited = pause(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined);
      const answered = await Promise.race([early, waited]);
      late.abort();
      if (answered) begun.delete(originalAddress);
      return answered;
    },
    async classify(radiograph, signal, prepared) {
      const early = begun.get(radiograph.originalAddress);
      if (early) {
        begun.delete(radiograph.originalAddress);
        // Not told as prepared: it is about to be done, and telling costs a commit.
        const answer = await early.catch(() => undefined);
        if (answer) return answer;
      }
      return classify(radiograph, signal, prepared);
    },
  };
}
