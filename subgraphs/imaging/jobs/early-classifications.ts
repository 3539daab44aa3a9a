import type { Classifier, ImageClassifier, StoredImage } from '../domain/classifier.ts';

/** How long an answer waits for its job, which may never come: the image turned out to be torn. */
const KEPT_MS = 10_000;

type Answer = ReturnType<Classifier>;

/** Classifies an image while its picture for display is still being drawn. The job takes what was begun: it is the
 *  job's own work, only sooner, and when it fails the job begins anew. */
export function earlyClassifications(classify: ImageClassifier): {
  begin(image: Required<StoredImage>): void;
  readonly classify: Classifier;
} {
  const begun = new Map<string, Answer>();
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
