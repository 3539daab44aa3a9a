import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '#common/sqlite.ts';
import type { StoredTraining, TrainingStore } from '../domain/training-store.ts';

const CASES = `SELECT patient, features, admitted FROM training_case
  WHERE cohort = (SELECT name FROM cohort WHERE name IN (SELECT cohort FROM training_case) ORDER BY added_to_last DESC LIMIT 1)
  ORDER BY position`;
/** Models of before the columns were part of them cannot be read; their numbers are not used again. */
const READABLE = `json_type(model, '$.columns') = 'array'`;

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
    begin(id) {
      begin.run(id);
    },
    keep: (model, trainingId) =>
      transaction(db, () => {
        const version = Number(addModel.get(Date.now(), JSON.stringify(model))?.version);
        if (trainingId !== undefined) succeed.run(version, trainingId);
        return version;
      }),
    fail(id, error) {
      fail.run(error, id);
    },
    failAll(error) {
      failAll.run(error);
    },
  };
}
