import type { Observation, StoredPatient } from './patient.ts';

/** Patients and their observations. What a method has returned survives a crash. */
export interface ClinicalStore extends Disposable {
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
  /** Stores all or, when it throws, none. */
  record(patientId: string, observations: readonly Observation[]): void;
}
