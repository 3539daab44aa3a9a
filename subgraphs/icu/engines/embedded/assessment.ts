import type { Features, IcuAssessment, IcuModelVersion } from '../../domain/icu-model.ts';
import { rowOf } from './columns.ts';
import { logistic } from './logistic-regression.ts';
import type { TrainedModel } from './training.ts';

const MOST_REASONS = 5;

/** A model that is kept, under its number. */
export type KeptModel = { readonly version: IcuModelVersion; readonly trained: TrainedModel };

/** Columns are centred, so a weight times its column is the share against the average patient. */
export function assess(features: Features, { version, trained }: KeptModel): IcuAssessment {
  const row = rowOf(features, trained.columns);
  const shares = new Map<string, number>();
  let logOdds = trained.intercept;
  for (const [i, { code, weight }] of trained.columns.entries()) {
    const share = weight * (row[i] ?? 0);
    logOdds += share;
    shares.set(code, (shares.get(code) ?? 0) + share);
  }
  const reasons = [...shares]
    .map(([code, contribution]) => ({ code, value: features.get(code) ?? null, contribution }))
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MOST_REASONS);
  return { probability: logistic(logOdds), model: version, reasons };
}

/** The newest model that knows half of the codes or more: patients of another cohort, measured in other ways, are left
 *  to the model that learned from such. @param models the newest first */
export function modelFor(features: Features, models: readonly KeptModel[]): KeptModel | undefined {
  const codes = [...features.keys()];
  return models.find(({ trained }) => {
    const known = codes.filter((code) => trained.columns.some((column) => column.code === code));
    return 2 * known.length >= codes.length;
  });
}
