import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '#common/sqlite.ts';
import type { StoredTraining, TrainingStore } from '../domain/training-store.ts';
import { whenUnlocked } from './write-lock.ts';

const CASES = `SELECT patient, features, admitted FROM training_case
  WHERE cohort = (SELECT name FROM cohort WHERE name IN (SELECT cohort FROM training_case) ORDER BY added_to_last DESC LIMIT 1)
  ORDER BY position`;
/** Models of before the columns were part of them cannot be read; their numbers are not used again. */
const READABLE = `json_type(model, '$.columns') = 'array'`;

const LOCK_WAIT_MS = 5_000;
/** Nobody waits for the end of a training, and the work of it would be lost. */
const END_WAIT_MS = 60_000;

/** Training cases, models and trainings in SQLite. */
export function sqliteTrainingStore<Model>(db: DatabaseSync): TrainingStore<Model> {
  const cases = db.prepare(CASES);
  const versions = db.prepare(`SELECT version FROM icu_model WHERE ${READABLE} ORDER BY version`);
  const model = db.prepare('SELECT model FROM icu_model WHERE version = ?');
  const addModel = db.prepare(`INSERT INTO icu_model (version, created_at, model)
    SELECT 1 + coalesce(max(version), 0), ?, ? FROM icu_model RETURNING version`);
  const training = db.prepare('SELECT id, state, version, error FROM icu_training WHERE id = ?');
  const begin = db.prepare(`INSERT INTO icu_training (id, state) VALUES (?, 'RUNNING')`);
  const succeed = db.prepare(`UPDATE icu_training SET state = 'SUCCEEDED', version = ? WHERE id = ?`);
  const fail = db.prepare(`UPDATE icu_training SET state = 'FAILED', error = ? WHERE id = ?`);
  const failAll = db.prepare(`UPDATE icu_training SET state = 'FAILED', error = ? WHERE state = 'RUNNING'`);
  return {
    cases: () =>
      cases.all().map(({ patient, features, admitted }) => ({
        patient: String(patient),
        features: new Map(JSON.parse(String(features)) as [string, number][]),
        admitted: admitted === 1,
      })),
    versions: () => versions.all().map(({ version }) => Number(version)),
    model(version) {
      const row = model.get(version);
      if (!row) throw new Error(`There is no model version ${version}`);
      return JSON.parse(String(row.model)) as Model;
    },
    training: (id) => training.get(id) as StoredTraining | undefined,
    async begin(id) {
      await whenUnlocked(db, LOCK_WAIT_MS, () => begin.run(id));
    },
    keep: (model, trainingId) =>
      whenUnlocked(db, END_WAIT_MS, () =>
        transaction(db, () => {
          const version = Number(addModel.get(Date.now(), JSON.stringify(model))?.version);
          if (trainingId !== undefined) succeed.run(version, trainingId);
          return version;
        }),
      ),
    async fail(id, error) {
      await whenUnlocked(db, END_WAIT_MS, () => fail.run(error, id));
    },
    failAll(error) {
      failAll.run(error);
    },
  };
}
