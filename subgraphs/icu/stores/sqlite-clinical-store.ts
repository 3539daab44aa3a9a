import type { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { RadiographError } from '#common/errors.ts';
import { transaction } from '#common/sqlite.ts';
import type { ClinicalStore } from '../domain/clinical-store.ts';
import type { Cohort } from '../domain/cohort.ts';
import { OBSERVATION_TYPES, type ObservationType } from '../domain/observation-types.ts';
import type { Observation, StoredPatient } from '../domain/patient.ts';
import { whenUnlocked } from './write-lock.ts';

const OF_PATIENTS = `FROM observation JOIN patient ON patient.number = observation.patient
  WHERE patient.id IN (SELECT value FROM json_each(?))`;
const ORDERED = `SELECT id, code, value, observed_at, patient,
  row_number() OVER (PARTITION BY patient ORDER BY observed_at DESC, position DESC) AS nth ${OF_PATIENTS}`;
const NEWEST = `SELECT id, code, value, observed_at, patient,
  row_number() OVER (PARTITION BY patient, code ORDER BY observed_at DESC, position DESC) AS nth ${OF_PATIENTS}`;
const ADDED_TO = `INSERT INTO cohort (name, added_to_last) SELECT ?, 1 + coalesce(max(added_to_last), 0) FROM cohort
  WHERE true ON CONFLICT (name) DO UPDATE SET added_to_last = excluded.added_to_last`;

const LOCK_WAIT_MS = 5_000;

/** Patients and observations in SQLite. */
export function sqliteClinicalStore(db: DatabaseSync): ClinicalStore {
  const addPatient = db.prepare('INSERT INTO patient (id) VALUES (?) ON CONFLICT DO NOTHING');
  const addObservation = db.prepare(
    'INSERT INTO observation (patient, code, value, observed_at) VALUES (?, ?, ?, ?)',
  );
  const addType = db.prepare('INSERT INTO observation_type (code, type) VALUES (?, ?)');
  const addCase = db.prepare(
    'INSERT INTO training_case (cohort, patient, features, admitted) VALUES (?, ?, ?, ?)',
  );
  const addedTo = db.prepare(ADDED_TO);
  const types = db.prepare('SELECT type FROM observation_type ORDER BY position');
  const page = db.prepare('SELECT number, id FROM patient WHERE number > ? ORDER BY number LIMIT ?');
  const known = db.prepare('SELECT number, id FROM patient WHERE id IN (SELECT value FROM json_each(?))');
  const firsts = db.prepare(`SELECT * FROM (${ORDERED}) WHERE nth <= ? ORDER BY patient, nth`);
  const newest = db.prepare(`SELECT * FROM (${NEWEST}) WHERE nth = 1 ORDER BY patient, observed_at DESC`);
  const addAll = (patient: number | bigint, observations: readonly Observation[]) => {
    for (const { code, value, observedAt } of observations)
      addObservation.run(patient, code, value, observedAt);
  };
  const patients = (ids: readonly string[]) =>
    new Map(known.all(JSON.stringify(ids)).map((row) => [String(row.id), toPatient(row)]));
  const observationTypes = () => {
    const added = types.all().map(({ type }) => JSON.parse(String(type)) as ObservationType);
    return new Map([...OBSERVATION_TYPES, ...added].map((type) => [type.code, type]));
  };

  const add = (cohort: Cohort) => {
    addedTo.run(cohort.name);
    const there = observationTypes();
    for (const type of cohort.types) {
      if (!there.has(type.code)) addType.run(type.code, JSON.stringify(type));
      else if (!isSame(there.get(type.code), type))
        throw new RadiographError(
          'BAD_USER_INPUT',
          `The code ${type.code} stands for another kind of observation already`,
        );
    }
    for (const { id, observations } of cohort.patients) {
      const { changes, lastInsertRowid } = addPatient.run(id);
      if (changes === 0) throw new RadiographError('BAD_USER_INPUT', 'One of the patients is there already');
      addAll(lastInsertRowid, observations);
    }
    for (const { patient, features, admitted } of cohort.cases)
      addCase.run(cohort.name, patient, JSON.stringify([...features]), Number(admitted));
  };

  return {
    observationTypes,
    patients,
    page(first, after) {
      const rows = page.all(after, first + 1);
      return { patients: rows.slice(0, first).map(toPatient), hasMore: rows.length > first };
    },
    observations: (ids, first) => grouped(firsts.all(JSON.stringify(ids), first)),
    newest: (ids) => grouped(newest.all(JSON.stringify(ids))),
    async record(patientId, observations) {
      const patient = patients([patientId]).get(patientId);
      if (!patient) throw new Error('Expected a known patient, got another id');
      await whenUnlocked(db, LOCK_WAIT_MS, () => transaction(db, () => addAll(patient.number, observations)));
    },
    add: (cohort) => transaction(db, () => add(cohort)),
    fill(make) {
      transaction(db, () => {
        if (db.prepare('SELECT 1 FROM cohort').get()) return;
        const cohort = make();
        // A ledger of before there were cohorts has its patients.
        add(db.prepare('SELECT 1 FROM patient').get() ? { ...cohort, patients: [] } : cohort);
      });
    },
  };
}

function toPatient({ number, id }: Record<string, unknown>): StoredPatient {
  return { number: Number(number), id: String(id) };
}

function grouped(rows: Record<string, unknown>[]): Map<string, Observation[]> {
  const groups = new Map<string, Observation[]>();
  for (const { id, code, value, observed_at } of rows) {
    const list = groups.get(String(id)) ?? [];
    list.push({ code: String(code), value: Number(value), observedAt: Number(observed_at) });
    groups.set(String(id), list);
  }
  return groups;
}

/** That something lasts was not kept always, and changes nothing of what a value means. */
function isSame(one: ObservationType | undefined, other: ObservationType): boolean {
  return isDeepStrictEqual({ ...one, lasting: undefined }, { ...other, lasting: undefined });
}
