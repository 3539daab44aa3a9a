import type DataLoader from 'dataloader';
import type { ClinicalStore } from './domain/clinical-store.ts';
import type { Features, IcuAssessment, IcuModel } from './domain/icu-model.ts';
import type { Observation, StoredPatient } from './domain/patient.ts';

/** The newest observation of each kind and what the model says of them. */
export type AssessedPatient = { readonly assessment: IcuAssessment; readonly newest: readonly Observation[] };

/** What resolvers may use. Loaders live as long as one operation. */
export type Context = {
  readonly now: () => number;
  readonly store: ClinicalStore;
  readonly model: IcuModel;
  readonly patients: DataLoader<string, StoredPatient | undefined>;
  readonly observations: DataLoader<{ id: string; first: number }, Observation[], string>;
  readonly risks: DataLoader<string, AssessedPatient | undefined>;
};

/** The newest value of each kind; of two at the same moment, the one further on in the list. */
export function featuresOf(observations: readonly Observation[]): Features {
  const byTime = observations.toSorted((a, b) => a.observedAt - b.observedAt);
  return new Map(byTime.map(({ code, value }) => [code, value]));
}
