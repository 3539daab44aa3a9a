import type { Features } from './icu-model.ts';
import type { ObservationType } from './observation-types.ts';
import type { Observation } from './patient.ts';

/** What was known of a patient at one time before any stay in the ICU, and whether one came later. */
export type TrainingCase = {
  /** Cases of one patient are never split between training and test. */
  readonly patient: string;
  readonly features: Features;
  readonly admitted: boolean;
};

export type CohortPatient = { readonly id: string; readonly observations: readonly Observation[] };

/** Patients who are loaded together. `cases` are what a model may learn from; of a patient whose outcome is not known
 *  there is none. */
export type Cohort = {
  readonly name: string;
  /** The kinds of observations that the cohort brings beside those that are known everywhere. */
  readonly types: readonly ObservationType[];
  readonly patients: readonly CohortPatient[];
  readonly cases: readonly TrainingCase[];
};

/** The newest value of each kind; of two at the same moment, the one further on in the list. */
export function featuresOf(observations: readonly Observation[]): Features {
  const byTime = observations.toSorted((a, b) => a.observedAt - b.observedAt);
  return new Map(byTime.map(({ code, value }) => [code, value]));
}
