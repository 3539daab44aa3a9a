import type { Context } from '../context.ts';
import type { IcuAssessment, IcuModelVersion } from '../domain/icu-model.ts';
import type { Observation } from '../domain/patient.ts';
import type { IcuRisk, ModelVersion } from '../generated/resolvers.ts';

const HOUR_MS = 3_600_000;

export function toRisk(
  { probability, model, reasons }: IcuAssessment,
  window: string | null,
  { now, observationTypes }: Context,
): IcuRisk {
  return {
    probability,
    willBeAdmitted: probability >= model.threshold,
    threshold: model.threshold,
    model: toModelVersion(model),
    window,
    assessedAt: new Date(now()).toISOString(),
    reasons: reasons.map((reason) => ({
      ...reason,
      display: observationTypes().get(reason.code)?.display ?? reason.code,
    })),
  };
}

/** The hours from the first to the last observation that was used. */
export function windowOf(newest: readonly Observation[]): string | null {
  const times = newest.map(({ observedAt }) => observedAt);
  const hours = Math.ceil((Math.max(...times) - Math.min(...times)) / HOUR_MS);
  return times.length === 0 ? null : `0-${Math.max(1, hours)} h`;
}

/** Every version that is kept can be asked. */
export function toModelVersion({ name, version, digest, engine }: IcuModelVersion): ModelVersion {
  return { name, version, digest, engine, state: 'AVAILABLE' };
}
