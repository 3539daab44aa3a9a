import type { RadiographError } from '#common/errors.ts';

/** The newest value of each kind, by code; what is missing was not measured. */
export type Features = ReadonlyMap<string, number>;

export type IcuModelVersion = {
  readonly name: string;
  readonly version: string;
  readonly digest: string | null;
  readonly engine: string;
  /** Probability from which an admission is expected, 0 to 1. */
  readonly threshold: number;
};

export type IcuAssessment = {
  /** 0 to 1. */
  readonly probability: number;
  /** The version that gave it. */
  readonly model: IcuModelVersion;
  /** In log-odds against the average patient, strongest first; empty where the engine gives none. */
  readonly reasons: readonly {
    readonly code: string;
    readonly value: number | null;
    readonly contribution: number;
  }[];
};

export type KnownPatient = { readonly id: string; readonly features: Features };

export type IcuTraining = {
  readonly id: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  /** The version that came of it. */
  readonly model: IcuModelVersion | null;
  /** Why it failed: for people, without SQL or values. */
  readonly error: string | null;
};

/** Predicts a later ICU admission: the embedded engine, or a database with in-database machine learning. Each method
 *  rejects with RadiographError ICU_UNAVAILABLE when the engine cannot answer. */
export interface IcuModel extends AsyncDisposable {
  /** Every version that is kept, the one that answers first. */
  versions(): Promise<IcuModelVersion[]>;
  /** Of patients whose observations are stored. @returns for each entry, in order, its assessment, null where the model knows
   *  none of the observations, or the fault that kept it from this one, for which others do not go without an answer */
  assessKnown(patients: readonly KnownPatient[]): Promise<(IcuAssessment | RadiographError | null)[]>;
  /** Of values that are not to be kept. @throws RadiographError ICU_UNAVAILABLE when the model knows none of them */
  assessUnknown(features: Features): Promise<IcuAssessment>;
  /** Tells of observations that were stored just now, before anybody is answered; an engine with rows of its own brings them up to date. */
  patientChanged(patient: KnownPatient): Promise<void>;
  /** Begins a training on the stored cohort under a name of the caller's ([a-z0-9_], at most 60); at most one runs. Doing it again with the same name starts nothing new.
   *  @throws RadiographError OVERLOADED while another one runs */
  train(id: string): Promise<IcuTraining>;
  /** Survives a restart. */
  training(id: string): Promise<IcuTraining | null>;
}
