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
  /** In log-odds against the average patient, strongest first. */
  readonly reasons: readonly {
    readonly code: string;
    readonly value: number | null;
    readonly contribution: number;
  }[];
};

/** Predicts a later ICU admission: the embedded engine, or a database with in-database machine learning. */
export interface IcuModel {
  readonly version: IcuModelVersion;
  /** @returns an assessment for each entry, in order @throws RadiographError ICU_UNAVAILABLE */
  assess(patients: readonly Features[]): Promise<IcuAssessment[]>;
}
