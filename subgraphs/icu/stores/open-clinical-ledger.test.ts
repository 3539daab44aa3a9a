import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openClinicalLedger } from './open-clinical-ledger.ts';

/** The ledger as it was before cohorts, with a recorded observation and a model of that time. */
const OLDER = `
  CREATE TABLE patient (number INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE observation (position INTEGER PRIMARY KEY AUTOINCREMENT, patient INTEGER NOT NULL REFERENCES patient (number),
    code TEXT NOT NULL, value REAL NOT NULL, observed_at INTEGER NOT NULL) STRICT;
  CREATE INDEX observation_by_patient ON observation (patient, observed_at DESC, position DESC);
  CREATE TABLE icu_model (version INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, model TEXT NOT NULL) STRICT;
  INSERT INTO patient VALUES (1), (2);
  INSERT INTO observation (patient, code, value, observed_at) VALUES (2, 'spo2', 88, 1000);
  INSERT INTO icu_model VALUES (1, 0, '{"scaling":{},"coefficients":{}}');`;

test('an older ledger keeps its patients and observations, and numbers its next model after the last', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'older-icu-'));
  {
    using db = new DatabaseSync(join(folder.path, 'icu.sqlite'));
    db.exec(OLDER);
  }
  for (let open = 0; open < 2; open += 1) {
    using ledger = openClinicalLedger<{ columns: [] }>(folder.path);
    const { patients } = ledger.clinical.page(100, 0);
    expect(patients).toEqual([
      { id: '1', number: 1 },
      { id: '2', number: 2 },
    ]);
    expect(ledger.clinical.newest(['2']).get('2')).toEqual([{ code: 'spo2', value: 88, observedAt: 1000 }]);
    expect(ledger.training.cases()).toHaveLength(1_500);
    expect(ledger.training.versions()).toEqual(open === 0 ? [] : [2]);
    if (open === 0) expect(await ledger.training.keep({ columns: [] })).toBe(2);
  }
});

test('a cohort that is refused leaves nothing behind, not even its name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'icu-ledger-'));
  using ledger = openClinicalLedger(folder.path);
  const patients = ['new-1', '7'].map((id) => ({ id, observations: [] }));
  const cases = [{ patient: 'new-1', features: new Map([['spo2', 90]]), admitted: true }];
  expect(() => ledger.clinical.add({ name: 'new', types: [], patients, cases })).toThrow('there already');
  expect(ledger.clinical.patients(['new-1', '7']).size).toBe(1);
  expect(ledger.training.cases()).toHaveLength(1_500);
});
