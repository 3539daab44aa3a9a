import type { ClassifiedRadiograph } from './classified-radiograph.ts';
import { percent } from './risk-words.ts';

const UNLIKE =
  'Nothing is decided: the image is unlike those that the model learned from, so that its numbers mean nothing here.';

/** Whether the model's probabilities say nothing of this image. */
export function isMeaningless({ indeterminateReason }: ClassifiedRadiograph): boolean {
  return indeterminateReason === 'OUT_OF_DISTRIBUTION';
}

/** Why nothing is decided, in words; it comes before any number. @returns undefined when something is */
export function undecided(result: ClassifiedRadiograph): string | undefined {
  if (result.decision !== 'INDETERMINATE') return undefined;
  if (isMeaningless(result)) return UNLIKE;
  const limit = `its threshold (${percent(result.threshold)})`;
  return `Nothing is decided: the most probable finding, ${first(result)}, is below ${limit}.`;
}

/** What the model decides, in words. */
export function resultConclusion(result: ClassifiedRadiograph): string {
  const disease = result.decision === 'NEGATIVE' ? ' and is no disease' : '';
  return (
    undecided(result) ??
    `Most probable finding: ${first(result)}, which reaches its threshold${disease} (${percent(result.threshold)}).`
  );
}

function first({ findings: [finding] }: ClassifiedRadiograph): string {
  return `${finding?.display} with ${percent(finding?.probability ?? 0)}`;
}
