/** A label of the model. `disease` is false for the label of a normal radiograph. */
export type ModelLabel = { readonly code: string; readonly display: string; readonly disease: boolean };

/** What a model version says of itself: labels in the order of its outputs, the probability from which each
 *  counts (0 to 1), and the SHA-256 of its file. */
export type ModelCard = {
  readonly name: string;
  readonly version: string;
  readonly digest: string | null;
  readonly labels: readonly ModelLabel[];
  readonly thresholds: Readonly<Record<string, number>>;
};

/** The outputs of one forward pass for one radiograph. */
export type Inference = {
  /** [C], sums to 1. */
  readonly probabilities: readonly number[];
  /** float32 little endian [height, width, C]: un-relued class maps M_c = Σ_k W_kc · A_k. */
  readonly maps: Buffer;
  readonly mapHeight: number;
  readonly mapWidth: number;
  readonly modelVersion: string;
  /** Which pool of model servers answered. */
  readonly pool: string;
};

/** A classification as the ledger keeps it: the inference and the model card that was in force. */
export type StoredClassification = {
  readonly radiographId: string;
  readonly inference: Inference;
  readonly model: ModelCard;
  readonly cached: boolean;
};

export type Decision = 'POSITIVE' | 'NEGATIVE' | 'INDETERMINATE';

export type RankedFinding = { readonly code: string; readonly display: string; readonly probability: number };

/** The model's findings, most probable first. */
export function rankedFindings({ inference, model }: StoredClassification): RankedFinding[] {
  return model.labels
    .map(({ code, display }, index) => ({ code, display, probability: inference.probabilities[index] ?? 0 }))
    .sort((a, b) => b.probability - a.probability);
}

/** The threshold of the most probable finding, and what it decides: a finding below its threshold decides nothing. */
export function decide(classification: StoredClassification): { decision: Decision; threshold: number } {
  const [first] = rankedFindings(classification);
  if (!first) throw new Error('The model has no labels');
  const threshold = classification.model.thresholds[first.code] ?? 0.5;
  if (first.probability < threshold) return { decision: 'INDETERMINATE', threshold };
  const label = classification.model.labels.find(({ code }) => code === first.code);
  return { decision: label?.disease ? 'POSITIVE' : 'NEGATIVE', threshold };
}
