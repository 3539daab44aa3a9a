import type { Context } from '../context.ts';
import type { IcuAssessment, IcuModelVersion } from '../domain/icu-model.ts';
import type { ObservedSpan } from '../domain/observed-span.ts';
import type { IcuRisk, ModelVersion } from '../generated/resolvers.ts';

export function toRisk(
  { probability, model, reasons }: IcuAssessment,
  span: ObservedSpan | null,
  { now, observationTypes }: Context,
): IcuRisk {
  return {
    probability,
    willBeAdmitted: probability >= model.threshold,
    threshold: model.threshold,
    model: toModelVersion(model),
    window: span?.window ?? null,
    observedFrom: span && new Date(span.from).toISOString(),
    observedUntil: span && new Date(span.until).toISOString(),
    caution: span?.caution ?? null,
    assessedAt: new Date(now()).toISOString(),
    reasons: reasons.map((reason) => ({
      ...reason,
      display: observationTypes().get(reason.code)?.display ?? reason.code,
    })),
  };
}

/** Every version that is kept can be asked. */
export function toModelVersion({ name, version, digest, engine }: IcuModelVersion): ModelVersion {
  return { name, version, digest, engine, state: 'AVAILABLE' };
}
