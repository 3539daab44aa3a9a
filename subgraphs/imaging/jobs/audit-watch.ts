import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type AuditHead, type AuditTrail, CHAIN_START, chainHash } from '../domain/audit.ts';

type Parts = { readonly trail: AuditTrail; readonly registry: Registry; readonly logger: Logger };

/** Rows in one step, with a pause behind it: others have work to do as well. */
const PAGE = 500;
const PAUSE_MS = 100;
const EVERY_MS = 30_000;
/** The whole chain again: rows that were changed behind the last look show only then. */
const WHOLE_MS = 24 * 60 * 60_000;

/** Follows the audit trail beside the work, from its first row on, and shows in the metrics how far it is whole. */
export function watchAudit({ trail, registry, logger }: Parts): AsyncDisposable {
  const registers = [registry];
  const broken = new Gauge({
    name: 'audit_chain_broken',
    help: '1 when a row of the audit trail is not as it was written, else 0',
    registers,
  });
  const verified = new Gauge({
    name: 'audit_verified_rows',
    help: 'Rows of the audit trail that this process has walked and found whole',
    registers,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined);

  const loop = async () => {
    let last = CHAIN_START;
    let begun = Date.now();
    while (!signal.aborted) {
      const step = await follow(trail, last).catch((error: unknown) => {
        logger.warn({ err: error }, 'the audit trail was not read');
        return undefined;
      });
      if (step === 'broken') {
        logger.error({ row: last.sequence + 1 }, 'the audit trail is broken');
        broken.set(1);
        return;
      }
      const hasMore = step !== undefined && step.sequence - last.sequence >= PAGE;
      last = step ?? last;
      verified.set(last.sequence);
      await wait(hasMore ? PAUSE_MS : EVERY_MS);
      if (Date.now() - begun < WHOLE_MS) continue;
      last = CHAIN_START;
      begun = Date.now();
    }
  };
  const looping = loop();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looping;
    },
  };
}

/** @returns the last row of the next page, or that it or one before it is not as it was written */
export async function follow(trail: AuditTrail, last: AuditHead): Promise<AuditHead | 'broken'> {
  const head = await trail.auditHead();
  const rows = await trail.auditRows(last.sequence, PAGE);
  if (rows.length === 0) return head.sequence > last.sequence ? 'broken' : last;
  let at = last;
  for (const row of rows) {
    if (row.sequence !== at.sequence + 1 || row.hash !== chainHash(at.hash, row)) return 'broken';
    at = { sequence: row.sequence, hash: row.hash };
    if (at.sequence === head.sequence && at.hash !== head.hash) return 'broken';
  }
  return at;
}
