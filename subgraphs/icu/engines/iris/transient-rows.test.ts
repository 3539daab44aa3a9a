import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { startFakeIris } from '../../testing/fake-iris.ts';
import { fakeConfig } from '../../testing/fake-iris-place.ts';
import { openIrisSql } from './iris-sql.ts';
import { SCHEMA } from './schema.ts';
import { modelStatements } from './statements.ts';
import { transientRows } from './transient-rows.ts';

test('a row that a crash has left just before the start is removed later, and one of now is left alone', async () => {
  await using fake = await startFakeIris();
  for (const sql of SCHEMA) await fake.database.execute(sql, []);
  const started = Date.now();
  let now = started;
  for (const [id, askedAt] of [
    ['of the crash', started - 60_000],
    ['of now', started + 1_200_000],
  ] as const)
    await fake.database.execute('INSERT INTO Icu.Transient (AssessmentId, AskedAt) VALUES (?, ?)', [
      id,
      askedAt,
    ]);
  await using sql = openIrisSql(fakeConfig(fake), new Registry(), pino({ level: 'silent' }));
  using _rows = transientRows(sql, modelStatements('IcuAdmission'), () => now, { laterMs: 10 });
  now += 1_200_000;
  const left = () => fake.database.read('SELECT AssessmentId FROM Icu.Transient');
  await expect.poll(left).toEqual([{ AssessmentId: 'of now' }]);
});
