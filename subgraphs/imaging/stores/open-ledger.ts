import type { Registry } from 'prom-client';
import type { Ledger } from '../domain/ledger.ts';
import { measuredLedger } from './measured-ledger.ts';
import { openPostgresLedger } from './postgres-ledger.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

export type LedgerSettings = { readonly dataDir: string; readonly databaseUrl?: string | undefined };

/** The ledger that the settings name, measured where there is a registry. */
export async function openLedger(
  { dataDir, databaseUrl }: LedgerSettings,
  metrics?: Registry,
): Promise<Ledger> {
  const ledger =
    databaseUrl === undefined ? openSqliteLedger(dataDir) : await openPostgresLedger(databaseUrl);
  return metrics
    ? measuredLedger(ledger, databaseUrl === undefined ? 'sqlite' : 'postgresql', metrics)
    : ledger;
}
