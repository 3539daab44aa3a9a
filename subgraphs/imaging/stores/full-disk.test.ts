import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { canMount, smallDisk } from '#common/testing/small-disk.ts';
import { verifyTrail } from '../domain/audit.ts';
import { aClassification, aRadiograph } from './ledger-cases.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

const mounts = canMount();
if (!mounts) console.warn('SKIPPED: a ledger on a full disk (needs the right to mount one)');

test.skipIf(!mounts)(
  'a ledger on a full disk refuses changes, keeps what it has, and goes on when there is room',
  async () => {
    using disk = smallDisk(4 * 1024 * 1024);
    await using ledger = openSqliteLedger(disk.path);
    const { radiographId } = await ledger.submit(aRadiograph('p1'), 'alice');
    const running = await ledger.take('w', 60_000);
    disk.fill();
    let refusal: unknown;
    let taken = 0;
    // The pages of its log that are there already still take some.
    for (; refusal === undefined && taken < 1_000; taken += 1)
      await ledger.submit(aRadiograph('p1'), 'alice').catch((error: unknown) => {
        refusal = error;
      });
    const full = { code: 'OVERLOADED', message: 'The storage is full; try again later' };
    expect(refusal).toMatchObject(full);
    await expect(ledger.succeed(running?.id ?? '', 'w', aClassification(radiographId))).rejects.toMatchObject(
      full,
    );
    await expect(
      ledger.deleteRadiograph(radiographId, { actor: 'alice', worker: 'w', leaseMs: 1 }),
    ).rejects.toMatchObject(full);
    expect(await ledger.waiting()).toBe(taken);
    expect((await ledger.radiographs([radiographId])).size).toBe(1);
    disk.empty();
    await ledger.submit(aRadiograph('p1'), 'alice');
    await ledger.succeed(running?.id ?? '', 'w', aClassification(radiographId));
    expect(await ledger.waiting()).toBe(taken);
    expect(await verifyTrail(ledger)).toMatchObject({ whole: true });
    const db = new DatabaseSync(join(disk.path, 'imaging.sqlite'));
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  },
);
