import type { Cohort } from './cohort.ts';
import type { ObservationType } from './observation-types.ts';
import type { Observation, StoredPatient } from './patient.ts';

/** Patients and their observations. What a method has returned survives a crash. */
export interface ClinicalStore {
  /** What may be observed, by code: known everywhere, or brought by a cohort. */
  observationTypes(): ReadonlyMap<string, ObservationType>;
  patients(ids: readonly string[]): ReadonlyMap<string, StoredPatient>;
  /** By ascending number, after the one with the number `after`. */
  page(
    first: number,
    after: number,
  ): { readonly patients: readonly StoredPatient[]; readonly hasMore: boolean };
  /** The newest `first` of each patient, newest first. */
  observations(patientIds: readonly string[], first: number): ReadonlyMap<string, Observation[]>;
  /** The newest of each kind. */
  newest(patientIds: readonly string[]): ReadonlyMap<string, Observation[]>;
  /** Stores all or, when it throws, none.
   *  @throws RadiographError OVERLOADED while another process writes for long */
  record(patientId: string, observations: readonly Observation[]): Promise<void>;
  /** Adds a cohort, or more patients of one; models learn from the one that was added to last.
   *  @throws RadiographError BAD_USER_INPUT, and nothing is stored, when a patient is there already or a code means something else */
  add(cohort: Cohort): void;
  /** Adds what `make` gives to a ledger that has no cohort yet. */
  fill(make: () => Cohort): void;
}
