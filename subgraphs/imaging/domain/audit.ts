import { createHash } from 'node:crypto';
import type { ErrorCode } from '#common/errors.ts';

export type AuditAction =
  | 'SUBMIT'
  | 'CLASSIFY'
  | 'READ_IMAGE'
  | 'READ_RESULT'
  | 'READ_DICOM'
  | 'CANCEL'
  | 'DELETE'
  | 'EXPORT';

/** Who did what, and how it ended. Ids and codes alone: never a value of a patient. */
export type AuditEntry = {
  /** The subject of the caller, or WORKER. */
  readonly actor: string;
  readonly action: AuditAction;
  /** The id of the radiograph; of the job for CANCEL. */
  readonly target: string;
  readonly outcome: 'OK' | ErrorCode;
};

/** A row of the trail, which nobody changes or removes any more. */
export type AuditRow = AuditEntry & {
  /** 1, 2, 3 … without a gap. */
  readonly sequence: number;
  readonly at: number;
  /** SHA-256 in hexadecimal over the hash of the row before and this row's own content. */
  readonly hash: string;
};

export type AuditHead = Pick<AuditRow, 'sequence' | 'hash'>;

/** Append-only. What belongs to a change of the ledger is written in the transaction of that change. */
export interface AuditTrail {
  /** Appends rows in one transaction. */
  audit(entries: readonly AuditEntry[]): Promise<void>;
  /** The rows behind `after`, in their order. */
  auditRows(after: number, limit: number): Promise<AuditRow[]>;
  /** The last row as it was written; sequence 0 of an empty trail. */
  auditHead(): Promise<AuditHead>;
}

/** The actor of what no caller asked for at that moment. */
export const WORKER = 'worker';

/** What stands before the first row. */
export const CHAIN_START: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

const PAGE = 1_000;

/** The hash of the row behind `previous`: of its fields as netstrings, so that no two rows are written alike. */
export function chainHash(
  previous: string,
  { sequence, at, actor, action, target, outcome }: Omit<AuditRow, 'hash'>,
): string {
  const fields = [previous, String(sequence), String(at), actor, action, target, outcome];
  return createHash('sha256')
    .update(fields.map((field) => `${Buffer.byteLength(field)}:${field},`).join(''))
    .digest('hex');
}

export type AuditVerdict =
  | { readonly whole: true; readonly head: AuditHead }
  | { readonly whole: false; readonly firstBroken: number };

/** Walks the chain from its start: a row that was changed, is missing or does not belong there breaks it. */
export async function verifyTrail(trail: AuditTrail): Promise<AuditVerdict> {
  // Read first: rows that come while the chain is walked are no fault.
  const head = await trail.auditHead();
  let last = CHAIN_START;
  while (last.sequence < head.sequence) {
    const rows = await trail.auditRows(last.sequence, PAGE);
    if (rows.length === 0) return { whole: false, firstBroken: last.sequence + 1 };
    for (const row of rows) {
      const expected = last.sequence + 1;
      if (row.sequence !== expected || row.hash !== chainHash(last.hash, row))
        return { whole: false, firstBroken: expected };
      last = { sequence: row.sequence, hash: row.hash };
      if (last.sequence === head.sequence && last.hash !== head.hash)
        return { whole: false, firstBroken: expected };
    }
  }
  return { whole: true, head };
}
