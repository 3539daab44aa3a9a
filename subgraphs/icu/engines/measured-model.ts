import { Counter, Histogram, type Registry } from 'prom-client';
import { RadiographError } from '#common/errors.ts';
import { measuredMethods } from '#common/measured.ts';
import type { IcuAssessment, IcuModel } from '../domain/icu-model.ts';

const SHARES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** Times what is asked of a model, and counts what it says: risks by version, never of whom. */
export function measuredModel(model: IcuModel, registry: Registry): IcuModel {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'icu_model_operation_seconds',
    help: 'Operations of the ICU model by how they ended',
    labelNames: ['operation', 'outcome'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const risks = new Histogram({
    name: 'icu_risk_probability',
    help: 'Risks that were assessed, 0 to 1',
    labelNames: ['model', 'version'] as const,
    buckets: SHARES,
    registers,
  });
  const outcomes = new Counter({
    name: 'icu_assessments_total',
    help: 'Assessments: whether an admission is EXPECTED or NOT_EXPECTED, UNKNOWN where the model knows none of the observations, or the code of a fault',
    labelNames: ['outcome'] as const,
    registers,
  });
  const tell = (found: IcuAssessment | RadiographError | null) => {
    if (found === null) return outcomes.inc({ outcome: 'UNKNOWN' });
    if (found instanceof RadiographError) return outcomes.inc({ outcome: found.code });
    const { name, version, threshold } = found.model;
    risks.observe({ model: name, version }, found.probability);
    outcomes.inc({ outcome: found.probability >= threshold ? 'EXPECTED' : 'NOT_EXPECTED' });
  };
  const measured = measuredMethods(
    model,
    ['versions', 'assessKnown', 'assessUnknown', 'patientChanged', 'train', 'training'],
    { seconds, span: 'icu model', start: { kind: 'internal' } },
  );
  return {
    ...measured,
    async assessKnown(patients) {
      const found = await measured.assessKnown(patients);
      found.forEach(tell);
      return found;
    },
    async assessUnknown(features) {
      const found = await measured.assessUnknown(features);
      tell(found);
      return found;
    },
  };
}
