import { decide, rankedFindings, type StoredClassification } from '../domain/classification.ts';
import { NOT_FOR_CLINICAL_USE } from './dicom-object.ts';

export const percentOf = (share: number) => Math.round(share * 1000) / 10;

/** What the model decides, in words, where people read them; that nothing is decided comes before any number. */
export function resultSummary(classification: StoredClassification): string {
  const [first] = rankedFindings(classification);
  const { decision, indeterminateReason, threshold } = decide(classification);
  const said = `Most probable finding: ${first?.display}, ${percentOf(first?.probability ?? 0)} %.`;
  const limit = `threshold ${percentOf(threshold)} %`;
  switch (indeterminateReason) {
    case 'OUT_OF_DISTRIBUTION':
      return `${NOT_FOR_CLINICAL_USE} Nothing is decided: the image is unlike those that the model learned from, so that its numbers mean nothing here. Decision: ${decision} (${indeterminateReason}).`;
    case 'BELOW_THRESHOLD':
      return `${NOT_FOR_CLINICAL_USE} Nothing is decided: no finding reaches its threshold. ${said} Decision: ${decision} (${indeterminateReason}); ${limit}.`;
    case null:
      return `${NOT_FOR_CLINICAL_USE} ${said} Decision: ${decision}; ${limit}.`;
    default:
      return indeterminateReason satisfies never;
  }
}
