import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { aFolder } from '../testing/system.ts';
import { watchAudit } from './audit-watch.ts';

const silent = pino({ level: 'silent' });

async function watched(tamper: string | undefined) {
  await using folder = await aFolder();
  await using ledger = openSqliteLedger(folder.path);
  const entry = { actor: 'alice', action: 'READ_IMAGE' as const, outcome: 'OK' as const };
  for (let i = 0; i < 3; i += 1)
    await ledger.audit(Array.from({ length: 400 }, (_, n) => ({ ...entry, target: `r${i}-${n}` })));
  if (tamper) {
    // As one with the file in his hands would.
    using file = new DatabaseSync(join(folder.path, 'imaging.sqlite'));
    file.exec(`DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_all; ${tamper}`);
  }
  const registry = new Registry();
  await using _watch = watchAudit({ trail: ledger, registry, logger: silent });
  const value = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  await expect
    .poll(
      async () => (await value('audit_chain_broken')) === 1 || (await value('audit_verified_rows')) === 1_200,
    )
    .toBe(true);
  return [await value('audit_chain_broken'), await value('audit_verified_rows')];
}

test('a trail that is whole is walked to its end', async () => {
  expect(await watched(undefined)).toEqual([0, 1_200]);
});

test.each([
  ['changed', "UPDATE audit SET actor = 'mallory' WHERE sequence = 700", 500],
  ['removed', 'DELETE FROM audit WHERE sequence = 1100', 1_000],
  ['cut off', 'DELETE FROM audit WHERE sequence > 1000', 1_000],
])('a row that was %s is found', async (_how, tamper, whole) => {
  expect(await watched(tamper)).toEqual([1, whole]);
});
