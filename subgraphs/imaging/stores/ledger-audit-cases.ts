import { expect, test } from 'vitest';
import { chainHash, verifyTrail } from '../domain/audit.ts';
import { aClassification, aRadiograph, type LedgerFactory, underClock } from './ledger-cases.ts';

type Ledger = Awaited<ReturnType<typeof underClock>>['ledger'];

const told = async (ledger: Ledger) =>
  (await ledger.auditRows(0, 100)).map(
    ({ actor, action, target, outcome }) => `${actor} ${action} ${target} ${outcome}`,
  );

/** What any ledger keeps of who did what. */
export function ledgerAuditCases(place: LedgerFactory): void {
  test('each act leaves one row, in the order of the acts, and an act that changed nothing none', async () => {
    await using it = await underClock(place);
    const done = await it.ledger.submit(aRadiograph('p1'), 'alice');
    const torn = await it.ledger.submit(aRadiograph(), 'bob');
    await it.ledger.take('w1', 1_000);
    await it.ledger.take('w1', 1_000);
    await it.ledger.succeed(done.id, 'w1', aClassification(done.radiographId));
    await it.ledger.succeed(done.id, 'w1', aClassification(done.radiographId));
    await it.ledger.fail(torn.id, 'w2', { code: 'INTERNAL', message: 'a stranger' });
    await it.ledger.fail(torn.id, 'w1', { code: 'OVERLOADED', message: 'again' }, 0);
    await it.ledger.take('w1', 1_000);
    await it.ledger.fail(torn.id, 'w1', { code: 'UNSUPPORTED_IMAGE', message: 'torn' });
    await it.ledger.audit([
      { actor: 'ålice', action: 'READ_IMAGE', target: done.radiographId, outcome: 'OK' },
      { actor: '', action: 'DELETE', target: 'nobody', outcome: 'NOT_FOUND' },
    ]);
    await it.ledger.audit([]);
    expect(await told(it.ledger)).toEqual([
      `alice SUBMIT ${done.radiographId} OK`,
      `bob SUBMIT ${torn.radiographId} OK`,
      `worker CLASSIFY ${done.radiographId} OK`,
      `worker CLASSIFY ${torn.radiographId} UNSUPPORTED_IMAGE`,
      `ålice READ_IMAGE ${done.radiographId} OK`,
      ' DELETE nobody NOT_FOUND',
    ]);
    expect(JSON.stringify(await it.ledger.auditRows(0, 100))).not.toContain('p1');
  });

  test('each hash covers the hash before it and all that its row says', async () => {
    await using it = await underClock(place);
    expect(await verifyTrail(it.ledger)).toEqual({
      whole: true,
      head: { sequence: 0, hash: '0'.repeat(64) },
    });
    await it.ledger.submit(aRadiograph(), 'alice');
    it.clock.now += 7;
    await it.ledger.submit(aRadiograph(), 'bøb');
    const [first, second] = await it.ledger.auditRows(0, 9);
    if (!first || !second) throw new Error('Expected two rows');
    expect(first).toMatchObject({ sequence: 1, at: 1_000_000, hash: chainHash('0'.repeat(64), first) });
    expect(second).toMatchObject({ sequence: 2, at: 1_000_007, hash: chainHash(first.hash, second) });
    expect(await it.ledger.auditRows(1, 9)).toEqual([second]);
    expect(await verifyTrail(it.ledger)).toEqual({ whole: true, head: { sequence: 2, hash: second.hash } });
  });

  test('acts that compete over two connections make one chain', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const acts = Array.from({ length: 40 }, (_, i) =>
      (i % 2 === 0 ? it.ledger : other).submit(aRadiograph(), `caller ${i}`),
    );
    await Promise.all(acts);
    expect(await verifyTrail(other)).toMatchObject({ whole: true, head: { sequence: 40 } });
  });

  test('rows cannot be changed, removed, replaced or put between, and the trail goes on', async () => {
    await using it = await underClock(place);
    for (const actor of ['a', 'b', 'c']) await it.ledger.submit(aRadiograph(), actor);
    const forged = "(2, 0, 'nobody', 'SUBMIT', 'x', 'OK', 'h')";
    for (const sql of [
      "UPDATE audit SET actor = 'nobody' WHERE sequence = 2",
      'DELETE FROM audit WHERE sequence = 3',
      `INSERT INTO audit VALUES ${forged}`,
      `INSERT INTO audit VALUES ${forged.replace('(2', '(9')}`,
      ...it.forbidden,
    ])
      await expect(it.sql(sql), sql).rejects.toThrow(/^audit rows are/);
    await it.ledger.submit(aRadiograph(), 'd');
    expect(await verifyTrail(it.ledger)).toMatchObject({ whole: true, head: { sequence: 4 } });
  });

  test('whoever gets past the guards is found out at the first row that is not as it was', async () => {
    await using it = await underClock(place);
    for (const actor of ['a', 'b', 'c', 'd']) await it.ledger.submit(aRadiograph(), actor);
    for (const guard of it.guards) await it.sql(guard);
    const broken = async (...steps: string[]) => {
      for (const sql of steps) await it.sql(sql);
      return verifyTrail(it.ledger);
    };
    const row = (await it.ledger.auditRows(3, 1))[0];
    expect(await broken('DELETE FROM audit WHERE sequence = 4')).toEqual({ whole: false, firstBroken: 4 });
    expect(await broken("UPDATE audit SET actor = 'x' WHERE sequence = 3")).toEqual({
      whole: false,
      firstBroken: 3,
    });
    expect(await broken('DELETE FROM audit WHERE sequence = 2')).toEqual({ whole: false, firstBroken: 2 });
    expect(row?.actor).toBe('d');
  });
}
