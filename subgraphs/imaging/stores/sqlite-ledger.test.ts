import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { ledgerAuditCases } from './ledger-audit-cases.ts';
import { aRadiograph, type LedgerPlace, ledgerJobCases } from './ledger-cases.ts';
import { ledgerDeletionCases } from './ledger-deletion-cases.ts';
import { ledgerLeaseCases } from './ledger-lease-cases.ts';
import { ledgerPageCases } from './ledger-page-cases.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

function aFolder() {
  const path = mkdtempSync(join(tmpdir(), 'ledger-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function sqlitePlace(now: () => number): LedgerPlace {
  const folder = aFolder();
  const triggers = ['audit_keeps_rows', 'audit_keeps_all', 'audit_only_grows', 'audit_moves_head'];
  return {
    open: () => openSqliteLedger(folder.path, now),
    async sql(text) {
      using db = new DatabaseSync(join(folder.path, 'imaging.sqlite'));
      db.exec(text);
    },
    forbidden: ["INSERT OR REPLACE INTO audit VALUES (2, 0, 'nobody', 'SUBMIT', 'x', 'OK', 'h')"],
    guards: triggers.map((name) => `DROP TRIGGER ${name}`),
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
    },
  };
}

describe('a ledger in SQLite', () => {
  ledgerJobCases(sqlitePlace);
  ledgerLeaseCases(sqlitePlace);
  ledgerPageCases(sqlitePlace);
  ledgerDeletionCases(sqlitePlace);
  ledgerAuditCases(sqlitePlace);
});

const MODULE = JSON.stringify(join(import.meta.dirname, 'sqlite-ledger.ts'));

/** Runs a program in a process of its own; `ledger` is open in it. */
function inProcess(dataDir: string, program: string) {
  const text = `const { openSqliteLedger } = await import(${MODULE});
    const ledger = openSqliteLedger(${JSON.stringify(dataDir)}); ${program}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('a fault in the second step of a submission takes back the first', async () => {
  using folder = aFolder();
  await using ledger = openSqliteLedger(folder.path);
  const db = new DatabaseSync(join(folder.path, 'imaging.sqlite'));
  db.exec(`CREATE TRIGGER no_job BEFORE INSERT ON job BEGIN SELECT RAISE(ABORT, 'no job today'); END`);
  await expect(ledger.submit(aRadiograph(), 'alice')).rejects.toThrow('no job today');
  db.exec('DROP TRIGGER no_job');
  db.close();
  expect((await ledger.page({ first: 9 })).items).toEqual([]);
  await ledger.submit(aRadiograph(), 'alice');
  expect((await ledger.page({ first: 9 })).items).toHaveLength(1);
});

test('processes that make a ledger at the same moment all find it whole', async () => {
  using folder = aFolder();
  const processes = Array.from({ length: 6 }, () => inProcess(folder.path, 'await ledger.waiting()'));
  const ends = await Promise.all(processes.map((process) => once(process, 'exit')));
  expect(ends.map(([code]) => code)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('what was acknowledged is there after kill -9', async () => {
  using folder = aFolder();
  const program = `for (;;) console.log((await ledger.submit(${JSON.stringify(aRadiograph())}, 'alice')).id)`;
  const writer = inProcess(folder.path, program);
  const gone = once(writer, 'exit');
  let output = '';
  for await (const chunk of writer.stdout) {
    output += String(chunk);
    if (output.length > 2_000) writer.kill('SIGKILL');
  }
  await gone;
  const acknowledged = output.split('\n').filter((id) => id.length === 36);
  expect(acknowledged.length).toBeGreaterThan(50);
  await using ledger = openSqliteLedger(folder.path);
  expect((await ledger.jobs(acknowledged)).size).toBe(acknowledged.length);
  const { items } = await ledger.page({ first: 100_000 });
  expect(await ledger.waiting()).toBe(items.length);
});
