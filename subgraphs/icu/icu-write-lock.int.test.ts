import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase, transaction } from '#common/sqlite.ts';
import { whenUnlocked } from './stores/write-lock.ts';
import { anIcu } from './testing/started-icu.ts';

const RECORD = `mutation { observationRecord(input: { patientId: "7", observations: [{ code: "spo2", value: 91 }] }) {
  patient { id } userErrors { code } } }`;
const TRAIN =
  'mutation { icuModelTrain(input: { name: "meanwhile" }) { training { state } userErrors { code } } }';
const NEWEST = '{ patient(id: "7") { observations(first: 1) { code value } } }';
const TRAINING = '{ icuModelTraining(id: "meanwhile") { state model { version } } }';

/** Another process that writes, as an import does, until it is released. */
async function aWriter(dataDir: string) {
  const program = `
    import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(${JSON.stringify(join(dataDir, 'icu.sqlite'))});
    db.exec('BEGIN IMMEDIATE');
    process.send('writes');
    process.once('message', () => {
      db.exec('ROLLBACK');
      process.disconnect();
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return {
    async release() {
      child.send('release');
      await once(child, 'exit');
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

test('while another process writes, all else is answered, and what waits is done after it', async () => {
  await using icu = await anIcu();
  using writer = await aWriter(icu.dataDir);
  let answered = 0;
  const asked = [RECORD, RECORD, TRAIN, TRAIN].map((query) =>
    icu.ask(query).finally(() => {
      answered += 1;
    }),
  );
  for (let i = 0; i < 5; i += 1) expect((await icu.ask(NEWEST)).errors).toBeUndefined();
  expect(answered).toBe(0);
  await writer.release();
  const recorded = { data: { observationRecord: { patient: { id: '7' }, userErrors: [] } } };
  const begun = { data: { icuModelTrain: { training: { state: 'RUNNING' }, userErrors: [] } } };
  expect(await Promise.all(asked)).toEqual([recorded, recorded, begun, begun]);
  expect(await icu.ask(NEWEST)).toEqual({
    data: { patient: { observations: [{ code: 'spo2', value: 91 }] } },
  });
  await expect
    .poll(() => icu.ask(TRAINING), { timeout: 15_000 })
    .toEqual({ data: { icuModelTraining: { state: 'SUCCEEDED', model: { version: '2' } } } });
});

test('who waits for too long is told to try again, and nothing was done', async () => {
  await using icu = await anIcu();
  using _writer = await aWriter(icu.dataDir);
  using db = openDatabase(join(icu.dataDir, 'icu.sqlite'));
  let done = 0;
  const work = () =>
    transaction(db, () => {
      done += 1;
    });
  await expect(whenUnlocked(db, 100, work)).rejects.toMatchObject({
    code: 'OVERLOADED',
    retryAfterSeconds: 5,
  });
  expect(done).toBe(0);
  expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5_000 });
});

test('what fails for another reason is not tried again', async () => {
  await using icu = await anIcu();
  using db = openDatabase(join(icu.dataDir, 'icu.sqlite'));
  let tries = 0;
  const work = () => {
    tries += 1;
    db.exec('INSERT INTO nowhere VALUES (1)');
  };
  await expect(whenUnlocked(db, 60_000, work)).rejects.toThrow('no such table');
  expect(tries).toBe(1);
});
