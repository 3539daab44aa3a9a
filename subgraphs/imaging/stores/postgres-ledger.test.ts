import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresServer, type RunningPostgres, startPostgres } from '#common/testing/postgres.ts';
import { verifyTrail } from '../domain/audit.ts';
import { ledgerAuditCases } from './ledger-audit-cases.ts';
import { aRadiograph, type LedgerPlace, ledgerJobCases } from './ledger-cases.ts';
import { ledgerDeletionCases } from './ledger-deletion-cases.ts';
import { ledgerLeaseCases } from './ledger-lease-cases.ts';
import { ledgerPageCases } from './ledger-page-cases.ts';
import { openPostgresLedger } from './postgres-ledger.ts';

if (!postgresServer) console.warn('SKIPPED: the ledger in PostgreSQL, for want of a postgres');

describe.skipIf(!postgresServer)('a ledger in PostgreSQL', () => {
  let postgres: RunningPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  async function postgresPlace(now: () => number): Promise<LedgerPlace> {
    const url = await postgres.database();
    return {
      open: () => openPostgresLedger(url, now),
      async sql(text) {
        const client = new Client({ connectionString: url, options: '-c search_path=imaging' });
        await client.connect();
        await client.query(text).finally(() => client.end());
      },
      forbidden: ['TRUNCATE audit'],
      guards: ['audit_keeps_rows', 'audit_only_grows'].map((name) => `DROP TRIGGER ${name} ON audit`),
      async [Symbol.asyncDispose]() {},
    };
  }

  ledgerJobCases(postgresPlace);
  ledgerLeaseCases(postgresPlace);
  ledgerPageCases(postgresPlace);
  ledgerDeletionCases(postgresPlace);
  ledgerAuditCases(postgresPlace);

  test('a server that crashes is told as OVERLOADED, and all goes on when it is back, with nothing lost', async () => {
    await using own = await startPostgres();
    await using ledger = await openPostgresLedger(await own.database());
    const kept = await ledger.submit(aRadiograph(), 'alice');
    await own.crash();
    const away = { name: 'RadiographError', code: 'OVERLOADED', retryAfterSeconds: 5 };
    const message = 'The ledger cannot answer now; try again later';
    await expect(ledger.submit(aRadiograph(), 'alice')).rejects.toMatchObject({ ...away, message });
    await expect(ledger.waiting()).rejects.toMatchObject(away);
    await expect(ledger.take('w', 1_000)).rejects.toMatchObject(away);
    await own.start();
    expect(await ledger.waiting()).toBe(1);
    expect(await ledger.take('w', 60_000)).toMatchObject({ id: kept.id });
    await ledger.submit(aRadiograph(), 'alice');
    expect(await verifyTrail(ledger)).toMatchObject({ whole: true, head: { sequence: 2 } });
  });

  test('connections that break in the middle of submissions are not noticed, and nothing is done twice', async () => {
    const place = await postgresPlace(Date.now);
    await using ledger = await place.open();
    const ids: string[][] = Array.from({ length: 8 }, () => []);
    let next = Promise.withResolvers<void>();
    let breaks = 0;
    const submissions = ids.map(async (own) => {
      while (breaks < 10) {
        own.push((await ledger.submit(aRadiograph(), 'alice')).id);
        next.resolve();
        next = Promise.withResolvers();
      }
    });
    const submitted = Promise.all(submissions);
    for (; breaks < 10; breaks += 1) {
      await place.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'radiograph-imaging' AND datname = current_database()`);
      // One that broke each time that it was sent again would be told of it: those under way end first.
      const broken = ids.map((own) => own.length);
      while (ids.some((own, i) => own.length === broken[i])) await Promise.race([next.promise, submitted]);
    }
    await submitted;
    const all = ids.flat();
    expect((await ledger.jobs(all)).size).toBe(all.length);
    expect(await ledger.waiting()).toBe(all.length);
    expect(await verifyTrail(ledger)).toMatchObject({ whole: true, head: { sequence: all.length } });
  });

  test('a listener whose connection broke is woken, and hears again', async () => {
    const place = await postgresPlace(Date.now);
    await using ledger = await place.open();
    let heard: (jobId?: string) => void = () => undefined;
    const next = () => new Promise<string | undefined>((resolve) => (heard = resolve));
    const began = next();
    ledger.onChange((jobId) => heard(jobId));
    expect(await began).toBeUndefined();
    const first = next();
    const job = await ledger.submit(aRadiograph(), 'alice');
    expect(await first).toBe(job.id);
    const again = next();
    await place.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`);
    expect(await again).toBeUndefined();
    const second = next();
    await ledger.cancel(job.id, 'alice');
    expect(await second).toBe(job.id);
  });

  test('ledgers that are opened on a new database at the same moment all find it whole', async () => {
    const url = await postgres.database();
    const ledgers = await Promise.all(Array.from({ length: 6 }, () => openPostgresLedger(url)));
    expect(await Promise.all(ledgers.map((ledger) => ledger.waiting()))).toEqual([0, 0, 0, 0, 0, 0]);
    for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
  });
});
