import { RadiographError } from '#common/errors.ts';
import type { Features, IcuAssessment, IcuModel, IcuModelVersion } from '../../domain/icu-model.ts';
import { COLUMNS, row } from './features.ts';
import { probabilityOf, type TrainedModel } from './training.ts';

const MOST_REASONS = 5;

/** The embedded engine: a logistic regression that was trained here. */
export function embeddedEngine(model: TrainedModel, number: string): IcuModel {
  const version: IcuModelVersion = {
    name: 'icu_admission',
    version: number,
    digest: model.digest,
    engine: 'Embedded logistic regression',
    threshold: model.threshold,
  };
  return {
    versions: async () => [version],
    assessKnown: async (patients) => patients.map(({ features }) => assessOne(features, model, version)),
    assessUnknown: async (features) => assessOne(features, model, version),
    async patientChanged() {},
    async train() {
      throw new RadiographError('ICU_UNAVAILABLE', 'The embedded engine trains at its first start alone');
    },
    training: async () => null,
    async [Symbol.asyncDispose]() {},
  };
}

/** Columns are centred, so a weight times its column is the share against the average patient. */
function assessOne(
  features: Features,
  { scaling, coefficients }: TrainedModel,
  model: IcuModelVersion,
): IcuAssessment {
  const columns = row(features, scaling);
  const shares = new Map<string, number>();
  for (const [i, { code }] of COLUMNS.entries())
    shares.set(code, (shares.get(code) ?? 0) + (columns[i] ?? 0) * (coefficients.weights[i] ?? 0));
  const reasons = [...shares]
    .map(([code, contribution]) => ({ code, value: features.get(code) ?? null, contribution }))
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MOST_REASONS);
  return { probability: probabilityOf(columns, coefficients), model, reasons };
}
