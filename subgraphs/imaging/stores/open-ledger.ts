import type { Ledger } from '../domain/ledger.ts';
import { openPostgresLedger } from './postgres-ledger.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

export type LedgerSettings = { readonly dataDir: string; readonly databaseUrl?: string | undefined };

/** The ledger that the settings name. */
export async function openLedger({ dataDir, databaseUrl }: LedgerSettings): Promise<Ledger> {
  return databaseUrl === undefined ? openSqliteLedger(dataDir) : openPostgresLedger(databaseUrl);
}
