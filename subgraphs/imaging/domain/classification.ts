/** A label of the model. `disease` is false for the label of a normal radiograph. */
export type ModelLabel = { readonly code: string; readonly display: string; readonly disease: boolean };

/** What a model version says of itself: labels in the order of its outputs, the probability from which each
 *  counts (0 to 1), the outlier score above which an image is unlike those that it learned from (absent in a model
 *  that gives no such score), and the SHA-256 of its file. */
export type ModelCard = {
  readonly name: string;
  readonly version: string;
  readonly digest: string | null;
  readonly labels: readonly ModelLabel[];
  readonly thresholds: Readonly<Record<string, number>>;
  readonly outlierThreshold?: number;
};

/** Names the model in what is made of its answers: the SHA-256 of its file, or name and version where that is not known. */
export function modelDigest({ digest, name, version }: ModelCard): string {
  return digest ?? `${name}/${version}`;
}

/** The outputs of one forward pass for one radiograph. */
export type Inference = {
  /** [C], sums to 1. */
  readonly probabilities: readonly number[];
  /** Grows with the distance from the images that the model learned from; its scale is the model's own. */
  readonly outlierScore?: number;
  /** float32 little endian [height, width, C]: un-relued class maps M_c = Σ_k W_kc · A_k. */
  readonly maps: Buffer;
  readonly mapHeight: number;
  readonly mapWidth: number;
  readonly modelVersion: string;
  /** Which pool of model servers answered. */
  readonly pool: string;
};

/** What a classifier says of an image: the inference and the model card that was in force. */
export type Answered = {
  readonly inference: Inference;
  readonly model: ModelCard;
  readonly cached: boolean;
};

/** A classification as the ledger keeps it. */
export type StoredClassification = Answered & { readonly radiographId: string };

/** What a classification amounts to; `threshold` is that of the most probable finding. */
export type Verdict = { readonly threshold: number } & (
  | { readonly decision: 'POSITIVE' | 'NEGATIVE'; readonly indeterminateReason: null }
  | {
      readonly decision: 'INDETERMINATE';
      readonly indeterminateReason: 'OUT_OF_DISTRIBUTION' | 'BELOW_THRESHOLD';
    }
);

export type RankedFinding = { readonly code: string; readonly display: string; readonly probability: number };

/** The model's findings, most probable first. */
export function rankedFindings({
  inference,
  model,
}: Pick<StoredClassification, 'inference' | 'model'>): RankedFinding[] {
  return model.labels
    .map(({ code, display }, index) => ({ code, display, probability: inference.probabilities[index] ?? 0 }))
    .sort((a, b) => b.probability - a.probability);
}

/** Decides nothing on an image unlike those that the model learned from, nor on a finding below its threshold. */
export function decide(classification: Pick<StoredClassification, 'inference' | 'model'>): Verdict {
  const { inference, model } = classification;
  const [first] = rankedFindings(classification);
  if (!first) throw new Error('The model has no labels');
  const threshold = model.thresholds[first.code] ?? 0.5;
  const { outlierScore = 0 } = inference;
  const { outlierThreshold = Number.POSITIVE_INFINITY } = model;
  // Said this way round, a score that is not a number is refused as well.
  if (!(outlierScore <= outlierThreshold))
    return { decision: 'INDETERMINATE', indeterminateReason: 'OUT_OF_DISTRIBUTION', threshold };
  if (first.probability < threshold)
    return { decision: 'INDETERMINATE', indeterminateReason: 'BELOW_THRESHOLD', threshold };
  const label = model.labels.find(({ code }) => code === first.code);
  return { decision: label?.disease ? 'POSITIVE' : 'NEGATIVE', indeterminateReason: null, threshold };
}
