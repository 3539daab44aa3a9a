import type { Features, IcuAssessment, IcuModel } from '../../domain/icu-model.ts';
import { COLUMNS, row } from './features.ts';
import { probabilityOf, type TrainedModel } from './training.ts';

const MOST_REASONS = 5;

/** The embedded engine: a logistic regression that was trained here. */
export function embeddedEngine(model: TrainedModel, version: string): IcuModel {
  return {
    version: {
      name: 'icu_admission',
      version,
      digest: model.digest,
      engine: 'Embedded logistic regression',
      threshold: model.threshold,
    },
    async assess(patients) {
      return patients.map((features) => assessOne(features, model));
    },
  };
}

/** Columns are centred, so a weight times its column is the share against the average patient. */
function assessOne(features: Features, { scaling, coefficients }: TrainedModel): IcuAssessment {
  const columns = row(features, scaling);
  const shares = new Map<string, number>();
  for (const [i, { code }] of COLUMNS.entries())
    shares.set(code, (shares.get(code) ?? 0) + (columns[i] ?? 0) * (coefficients.weights[i] ?? 0));
  const reasons = [...shares]
    .map(([code, contribution]) => ({ code, value: features.get(code) ?? null, contribution }))
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MOST_REASONS);
  return { probability: probabilityOf(columns, coefficients), reasons };
}
