import type DataLoader from 'dataloader';
import type { ClinicalStore } from './domain/clinical-store.ts';
import type { IcuAssessment, IcuModel } from './domain/icu-model.ts';
import type { ObservationType } from './domain/observation-types.ts';
import type { Observation, StoredPatient } from './domain/patient.ts';

/** The newest observation of each kind and what the model says of them, null when it knows none of them. */
export type AssessedPatient = {
  readonly assessment: IcuAssessment | null;
  readonly newest: readonly Observation[];
};

/** What resolvers may use. Loaders live as long as one operation. */
export type Context = {
  readonly now: () => number;
  readonly store: ClinicalStore;
  /** Read once in an operation. */
  readonly observationTypes: () => ReadonlyMap<string, ObservationType>;
  readonly model: IcuModel;
  readonly patients: DataLoader<string, StoredPatient | undefined>;
  readonly observations: DataLoader<{ id: string; first: number }, Observation[], string>;
  readonly risks: DataLoader<string, AssessedPatient | undefined>;
};
