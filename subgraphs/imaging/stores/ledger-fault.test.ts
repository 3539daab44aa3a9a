import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ledgerFault } from './ledger-fault.ts';

/** What SQLite throws when its file may not grow any more. */
function fullFault(): unknown {
  using db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE entry (bytes BLOB); PRAGMA max_page_count = 4');
  try {
    db.exec('INSERT INTO entry VALUES (zeroblob(100000))');
  } catch (error) {
    return error;
  }
  throw new Error('Expected a full file');
}

test('a full disk is told as such, and the cause stays for the log', () => {
  const cause = fullFault();
  const told = { code: 'OVERLOADED', message: 'The storage is full; try again later' };
  expect(ledgerFault(cause)).toMatchObject({ ...told, cause, retryAfterSeconds: 5 });
  expect(ledgerFault({ code: '53100' })).toMatchObject(told);
});

test('a database that is away, starts, stops or has no connection left passes; a fault of ours stays as it is', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', '08006', '57P01', '57P03', '53300', '57014', '40001'])
    expect(ledgerFault({ code }), code).toMatchObject({ code: 'OVERLOADED' });
  for (const fault of [{ code: '42601' }, { code: '23505' }, new Error('x'), new TypeError('y')])
    expect(ledgerFault(fault)).toBe(fault);
});
