import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { aFolder } from '../testing/system.ts';

/** Runs `npm run audit:verify` over a data folder. */
async function verify(dataDir: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, DATA_DIR: dataDir },
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'exit');
  return { code, output: (await output).join('') };
}

test('a whole trail ends with 0 and its last hash, a broken one with 1 and its first broken row', async () => {
  await using folder = await aFolder();
  {
    await using ledger = openSqliteLedger(folder.path);
    for (const actor of ['alice', 'bob', 'carol']) await ledger.submit(aRadiograph(), actor);
    const { hash } = await ledger.auditHead();
    expect(await verify(folder.path)).toEqual({
      code: 0,
      output: `The audit trail is whole: 3 rows, the last hash is ${hash}\n`,
    });
  }
  using db = new DatabaseSync(join(folder.path, 'imaging.sqlite'));
  db.exec("DROP TRIGGER audit_keeps_rows; UPDATE audit SET actor = 'mallory' WHERE sequence = 2");
  expect(await verify(folder.path)).toEqual({
    code: 1,
    output: 'The audit trail is broken: row 2 is not as it was written\n',
  });
});
