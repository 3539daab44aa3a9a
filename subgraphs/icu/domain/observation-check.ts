import { hasPassed } from './clinical-time.ts';
import type { ObservationType } from './observation-types.ts';
import type { Observation } from './patient.ts';

export type ObservationInput = {
  readonly code: string;
  readonly value: number;
  readonly observedAt?: string | null;
};
export type Fault = { readonly message: string; readonly field: readonly string[] };

const MOST_OBSERVATIONS = 50;

/** Checks observations as they come in. @returns all faults, or the observations when there are none */
export function checkedObservations(
  inputs: readonly ObservationInput[],
  types: ReadonlyMap<string, ObservationType>,
  now: number,
): { faults: Fault[]; observations: Observation[] } {
  const at = ['input', 'observations'];
  if (inputs.length < 1 || inputs.length > MOST_OBSERVATIONS) {
    const message = `Expected 1 to ${MOST_OBSERVATIONS} observations, got ${inputs.length}`;
    return { faults: [{ message, field: at }], observations: [] };
  }
  const faults = inputs.flatMap((input, index) =>
    faultsOf(input, types, now).map(({ message, field }) => ({
      message,
      field: [...at, String(index), ...field],
    })),
  );
  const observations = inputs.map(({ code, value, observedAt }) => ({
    code,
    value,
    observedAt: observedAt == null ? now : Date.parse(observedAt),
  }));
  return { faults, observations: faults.length > 0 ? [] : observations };
}

function faultsOf(
  { code, value, observedAt }: ObservationInput,
  types: ReadonlyMap<string, ObservationType>,
  now: number,
): Fault[] {
  const faults: Fault[] = [];
  const type = types.get(code);
  if (!type)
    faults.push({ message: 'Expected a code of observationTypes, got another text', field: ['code'] });
  else if (!(value >= type.minimum && value <= type.maximum)) {
    const message = `Expected ${type.minimum} to ${type.maximum} ${type.unit} for ${code}, got a value outside`;
    faults.push({ message, field: ['value'] });
  }
  if (observedAt != null && !hasPassed(Date.parse(observedAt), now))
    faults.push({ message: 'Expected a time that has passed, got another', field: ['observedAt'] });
  return faults;
}
