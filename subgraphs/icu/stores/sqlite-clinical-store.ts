import { join } from 'node:path';
import { openDatabase, transaction } from '#common/sqlite.ts';
import type { ClinicalStore } from '../domain/clinical-store.ts';
import type { Observation, StoredPatient } from '../domain/patient.ts';
import type { SyntheticPatient } from '../domain/synthetic-cohort.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS patient (number INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS observation (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    patient INTEGER NOT NULL REFERENCES patient (number),
    code TEXT NOT NULL,
    value REAL NOT NULL,
    observed_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS observation_by_patient ON observation (patient, observed_at DESC, position DESC);
  CREATE TABLE IF NOT EXISTS icu_model (version INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, model TEXT NOT NULL) STRICT;
`;

const ORDERED = `SELECT *, row_number() OVER (PARTITION BY patient ORDER BY observed_at DESC, position DESC) AS nth
  FROM observation WHERE patient IN (SELECT value FROM json_each(?))`;
const NEWEST = `SELECT *, row_number() OVER (PARTITION BY patient, code ORDER BY observed_at DESC, position DESC) AS nth
  FROM observation WHERE patient IN (SELECT value FROM json_each(?))`;

export type SqliteClinicalStore = ClinicalStore & {
  /** The stored model of the highest version, or what `train` makes, stored as the next one. */
  modelOr<T>(train: () => T): { version: string; model: T };
};

/** Patients, observations and models in one SQLite file; an empty one is filled with `seed` in one transaction. */
export function openSqliteClinicalStore(
  dataDir: string,
  seed: () => SyntheticPatient[],
): SqliteClinicalStore {
  const db = openDatabase(join(dataDir, 'icu.sqlite'));
  db.exec(SCHEMA);
  const addPatient = db.prepare('INSERT INTO patient (number) VALUES (?)');
  const addObservation = db.prepare(
    'INSERT INTO observation (patient, code, value, observed_at) VALUES (?, ?, ?, ?)',
  );
  const page = db.prepare('SELECT number FROM patient WHERE number > ? ORDER BY number LIMIT ?');
  const known = db.prepare('SELECT number FROM patient WHERE number IN (SELECT value FROM json_each(?))');
  const firsts = db.prepare(`SELECT * FROM (${ORDERED}) WHERE nth <= ? ORDER BY patient, nth`);
  const newest = db.prepare(`SELECT * FROM (${NEWEST}) WHERE nth = 1 ORDER BY patient, observed_at DESC`);
  const addAll = (patient: number, observations: readonly Observation[]) => {
    for (const { code, value, observedAt } of observations)
      addObservation.run(patient, code, value, observedAt);
  };

  transaction(db, () => {
    if (Number(db.prepare('SELECT count(*) AS n FROM patient').get()?.n) > 0) return;
    for (const { id, observations } of seed()) {
      addPatient.run(Number(id));
      addAll(Number(id), observations);
    }
  });
  return {
    patients(ids) {
      const rows = known.all(numbers(ids));
      return new Map(rows.map(({ number }) => [String(number), { id: String(number) }]));
    },
    page(first, after) {
      const rows = page.all(after, first + 1);
      const patients: StoredPatient[] = rows.slice(0, first).map(({ number }) => ({ id: String(number) }));
      return { patients, hasMore: rows.length > first };
    },
    observations: (ids, first) => grouped(firsts.all(numbers(ids), first)),
    newest: (ids) => grouped(newest.all(numbers(ids))),
    record(patientId, observations) {
      transaction(db, () => addAll(Number(patientId), observations));
    },
    modelOr<T>(train: () => T) {
      return transaction(db, () => {
        const stored = db.prepare('SELECT version, model FROM icu_model ORDER BY version DESC LIMIT 1').get();
        if (stored) return { version: String(stored.version), model: JSON.parse(String(stored.model)) as T };
        const model = train();
        db.prepare('INSERT INTO icu_model (version, created_at, model) VALUES (1, ?, ?)').run(
          Date.now(),
          JSON.stringify(model),
        );
        return { version: '1', model };
      });
    },
    [Symbol.dispose]() {
      db.close();
    },
  };
}

/** Ids are whole numbers here; any other id names no patient. */
function numbers(ids: readonly string[]): string {
  return JSON.stringify(ids.filter((id) => /^[1-9]\d{0,14}$/.test(id)).map(Number));
}

function grouped(rows: Record<string, unknown>[]): Map<string, Observation[]> {
  const groups = new Map<string, Observation[]>();
  for (const { patient, code, value, observed_at } of rows) {
    const list = groups.get(String(patient)) ?? [];
    list.push({ code: String(code), value: Number(value), observedAt: Number(observed_at) });
    groups.set(String(patient), list);
  }
  return groups;
}
