import type { ClinicalStore } from '../domain/clinical-store.ts';
import { defaultCohort } from '../domain/synthetic-cohort.ts';
import type { TrainingStore } from '../domain/training-store.ts';
import { openClinicalDatabase } from './clinical-schema.ts';
import { sqliteClinicalStore } from './sqlite-clinical-store.ts';
import { sqliteTrainingStore } from './sqlite-training-store.ts';

/** The ledger of the ICU subgraph: patients and observations, and what models learn from and became. */
export type ClinicalLedger<Model> = Disposable & {
  readonly clinical: ClinicalStore;
  readonly training: TrainingStore<Model>;
};

/** Opens the ledger in the data folder; a new one is filled with the synthetic cohort. */
export function openClinicalLedger<Model>(dataDir: string): ClinicalLedger<Model> {
  const db = openClinicalDatabase(dataDir);
  const clinical = sqliteClinicalStore(db);
  clinical.fill(defaultCohort);
  return {
    clinical,
    training: sqliteTrainingStore<Model>(db),
    [Symbol.dispose]: () => db.close(),
  };
}
