import { Histogram, type Registry } from 'prom-client';
import { measuredMethods } from '#common/measured.ts';
import type { Ledger } from '../domain/ledger.ts';

/** Times what is asked of a ledger, and gives each question a span in its request's trace.
 *  @param system as OpenTelemetry names the database */
export function measuredLedger(ledger: Ledger, system: 'sqlite' | 'postgresql', registry: Registry): Ledger {
  const seconds = new Histogram({
    name: 'ledger_operation_seconds',
    help: 'Operations on the ledger by how they ended',
    labelNames: ['operation', 'outcome'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const attributes = { 'db.system.name': system };
  const measure = { seconds, span: 'ledger', start: { kind: 'client' as const, attributes } };
  return measuredMethods(
    ledger,
    [
      ...(['submit', 'submitClassified', 'radiographs', 'jobs', 'radiographJobs', 'intakeJobs'] as const),
      ...(['classifications', 'page', 'audit'] as const),
      ...(['take', 'renew', 'release', 'succeed', 'fail', 'cancel', 'waiting'] as const),
    ],
    measure,
  );
}
