import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe } from 'vitest';
import { type Cohort, featuresOf } from '../../domain/cohort.ts';
import { syntheticCases, syntheticCohort } from '../../domain/synthetic-cohort.ts';
import { openClinicalDatabase } from '../../stores/clinical-schema.ts';
import { sqliteClinicalStore } from '../../stores/sqlite-clinical-store.ts';
import { sqliteTrainingStore } from '../../stores/sqlite-training-store.ts';
import { type IcuModelPlace, icuAssessmentCases, icuTrainingCases } from '../icu-model-cases.ts';
import { openEmbeddedEngine } from './embedded-engine.ts';
import type { TrainedModel } from './training.ts';

const SHOWN = syntheticCohort(20, 2020);
/** Small, so that a training takes a moment only. */
const COHORT = { name: 'small', types: [], patients: SHOWN, cases: syntheticCases(300, 7) };

/** A ledger in a folder of its own, and the engine over it. */
function aPlace(cohort: Cohort = COHORT) {
  const folder = mkdtempSync(join(tmpdir(), 'icu-engine-'));
  const db = openClinicalDatabase(folder);
  const clinical = sqliteClinicalStore(db);
  const store = sqliteTrainingStore<TrainedModel>(db);
  clinical.add(cohort);
  const place: IcuModelPlace = {
    open: () =>
      openEmbeddedEngine({ store, types: clinical.observationTypes, logger: pino({ level: 'silent' }) }),
    patients: SHOWN.map(({ id, observations }) => ({ id, features: featuresOf(observations) })),
    async [Symbol.asyncDispose]() {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return { ...place, folder, db, clinical, store };
}

describe('the embedded engine', () => {
  icuAssessmentCases(aPlace);
  icuTrainingCases(aPlace);
});
