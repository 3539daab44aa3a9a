import type { DatabaseSync } from 'node:sqlite';
import { type AuditEntry, type AuditHead, type AuditRow, chainHash } from '../domain/audit.ts';
import { toAuditRow } from './ledger-rows.ts';

/** The audit trail in the ledger's file. */
export function sqliteAudit(db: DatabaseSync, now: () => number) {
  const add = db.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)');
  const head = db.prepare('SELECT sequence, hash FROM audit_head');
  const rows = db.prepare('SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?');
  const readHead = (): AuditHead => {
    const row = head.get();
    return { sequence: Number(row?.sequence), hash: String(row?.hash) };
  };
  return {
    /** Appends a row. Call it within a transaction: its write lock keeps the chain in one line. */
    append({ actor, action, target, outcome }: AuditEntry): void {
      const last = readHead();
      const sequence = last.sequence + 1;
      const at = now();
      const hash = chainHash(last.hash, { sequence, at, actor, action, target, outcome });
      add.run(sequence, at, actor, action, target, outcome, hash);
    },
    head: readHead,
    rows: (after: number, limit: number): AuditRow[] => rows.all(after, limit).map(toAuditRow),
  };
}
