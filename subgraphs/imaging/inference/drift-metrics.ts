import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { decide, type Inference, type ModelCard } from '../domain/classification.ts';
import {
  binLabels,
  binOf,
  type Distribution,
  type DriftReference,
  driftReference,
} from './drift-reference.ts';
import { greyFeatures, INPUT_FEATURES } from './image-features.ts';

/** Told of each image that a model version has inferred. An answer from the cache is of an image that was told before. */
export type DriftWatch = (grey: Buffer, inference: Inference, model: ModelCard) => void;

type Parts = { readonly folder: string; readonly registry: Registry; readonly logger: Logger };

const INPUT = ['model', 'version', 'feature', 'upto'] as const;
const SCORE = ['model', 'version', 'finding', 'upto'] as const;

/** Counts in which bin of the reference each image lies, its greys and its scores, and what was decided. How far the
 *  two distributions are from each other is for Prometheus to say: it sees every process and outlives them. */
export function driftMetrics({ folder, registry, logger }: Parts): DriftWatch {
  const registers = [registry];
  const inputs = new Counter({
    name: 'model_input_images_total',
    help: 'Images by a feature of the model input; the bins, by their upper edges, are those of the reference',
    labelNames: INPUT,
    registers,
  });
  const scores = new Counter({
    name: 'model_score_images_total',
    help: 'Images by the score of a finding; the bins, by their upper edges, are those of the reference',
    labelNames: SCORE,
    registers,
  });
  const inputShares = new Gauge({
    name: 'model_input_reference_ratio',
    help: 'Share of the reference images in a bin, 0 to 1',
    labelNames: INPUT,
    registers,
  });
  const scoreShares = new Gauge({
    name: 'model_score_reference_ratio',
    help: 'Share of the reference images in a bin, 0 to 1',
    labelNames: SCORE,
    registers,
  });
  const decisions = new Counter({
    name: 'model_decisions_total',
    help: 'Images by decision; of an INDETERMINATE one the reason, OUT_OF_DISTRIBUTION or BELOW_THRESHOLD',
    labelNames: ['model', 'version', 'decision', 'reason'] as const,
    registers,
  });

  const show = (
    { name: model, version }: ModelCard,
    { inputs: features, scores: findings }: DriftReference,
  ) => {
    // From zero on, so that the first image of a bin is a change too.
    eachBin(features, (feature, upto, share) => {
      inputs.inc({ model, version, feature, upto }, 0);
      inputShares.set({ model, version, feature, upto }, share);
    });
    eachBin(findings, (finding, upto, share) => {
      scores.inc({ model, version, finding, upto }, 0);
      scoreShares.set({ model, version, finding, upto }, share);
    });
  };

  const known = new Map<string, Promise<DriftReference | undefined>>();
  const read = async (card: ModelCard): Promise<DriftReference | undefined> => {
    const which = { model: card.name, version: card.version };
    try {
      const reference = await driftReference(folder, card);
      if (reference) show(card, reference);
      else logger.info(which, 'no reference: drift is not watched');
      return reference;
    } catch (error) {
      logger.error({ err: error, ...which }, 'reference not read');
      return undefined;
    }
  };
  const referenceOf = (card: ModelCard) => {
    const key = `${card.name}/${card.version}/${card.digest}`;
    const reference = known.get(key) ?? read(card);
    known.set(key, reference);
    return reference;
  };

  const count = (grey: Buffer, inference: Inference, card: ModelCard, reference: DriftReference) => {
    const { name: model, version } = card;
    const measured = { ...greyFeatures(grey), outlier_score: inference.outlierScore };
    for (const feature of INPUT_FEATURES) {
      const [distribution, value] = [reference.inputs[feature], measured[feature]];
      if (distribution && value !== undefined)
        inputs.inc({ model, version, feature, upto: labelOf(distribution, value) });
    }
    for (const [index, { code: finding }] of card.labels.entries()) {
      const [distribution, score] = [reference.scores[finding], inference.probabilities[index]];
      if (distribution && score !== undefined)
        scores.inc({ model, version, finding, upto: labelOf(distribution, score) });
    }
  };

  return (grey, inference, card) => {
    const { decision, indeterminateReason } = decide({ inference, model: card });
    const { name: model, version } = card;
    decisions.inc({ model, version, decision, reason: indeterminateReason ?? '' });
    void referenceOf(card).then((reference) => reference && count(grey, inference, card, reference));
  };
}

function eachBin(
  distributions: Readonly<Record<string, Distribution>>,
  tell: (name: string, upto: string, share: number) => void,
): void {
  for (const [name, distribution] of Object.entries(distributions))
    for (const [bin, upto] of binLabels(distribution).entries())
      tell(name, upto, distribution.shares[bin] ?? 0);
}

function labelOf(distribution: Distribution, value: number): string {
  return binLabels(distribution)[binOf(distribution, value)] ?? '+Inf';
}
