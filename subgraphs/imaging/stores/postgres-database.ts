import { setTimeout as pause } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { isAway, ledgerFault, wasRolledBack } from './ledger-fault.ts';
import { JOB_CHANNEL, MIGRATIONS } from './postgres-schema.ts';

export type Row = Record<string, unknown>;

/** PostgreSQL has no place for it in a text: nothing that holds it can be found there. */
export const NUL = '\0';

export type Database = AsyncDisposable & {
  /** Runs one statement, which is a transaction of its own.
   *  @throws RadiographError OVERLOADED when the server is away, is busy for too long or has no room */
  query(sql: string, values: readonly unknown[]): Promise<Row[]>;
  /** The same for a statement that changes nothing when it runs a second time: it is sent again when the connection
   *  broke before the answer came. */
  repeatable(sql: string, values: readonly unknown[]): Promise<Row[]>;
  connections(): { open: number; idle: number; waiting: number };
};

const CONNECTIONS = 10;
const CONNECT_MS = 2_000;
const STATEMENT_MS = 5_000;
/** More than the server's own limit: what a mute network swallows. */
const ANSWER_MS = 6_000;
const IDLE_MS = 30_000;
const TRIES = 3;
const FIRST_PAUSE_MS = 50;
const CONNECT_AGAIN_MS = 500;
const START_MS = 30_000;
/** Any number that no other use of the database takes. */
const MIGRATION_LOCK = 7_236_114;

const connection = (url: string) => ({
  connectionString: url,
  application_name: 'radiograph-imaging',
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  options: `-c search_path=imaging -c statement_timeout=${STATEMENT_MS}`,
});

/** Connects lazily: a server that is away is no fault until something is asked of it. */
export function openPostgres(url: string): Database {
  const pool = new Pool({
    ...connection(url),
    max: CONNECTIONS,
    query_timeout: ANSWER_MS,
    idleTimeoutMillis: IDLE_MS,
  });
  // An idle connection broke: the next statement gets another one.
  pool.on('error', () => undefined);
  const run = async (sql: string, values: readonly unknown[], goesOn: (error: unknown) => boolean) => {
    for (let tried = 1; ; tried += 1) {
      try {
        return (await pool.query<Row>(sql, [...values])).rows;
      } catch (error) {
        if (tried === TRIES || !goesOn(error)) throw ledgerFault(error);
        await pause(FIRST_PAUSE_MS * 2 ** tried * (0.5 + Math.random() / 2));
      }
    }
  };
  return {
    query: (sql, values) => run(sql, values, wasRolledBack),
    repeatable: (sql, values) => run(sql, values, (error) => wasRolledBack(error) || isAway(error)),
    connections: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Brings the schema up to date, and waits for a server that is starting. Of processes that start together one does it,
 *  the others wait and see it done. */
export async function migratePostgres(url: string): Promise<void> {
  for (const until = Date.now() + START_MS; ; await pause(CONNECT_AGAIN_MS)) {
    try {
      return await migrateOnce(url);
    } catch (error) {
      if (!isAway(error) || Date.now() > until) throw error;
    }
  }
}

async function migrateOnce(url: string): Promise<void> {
  // Without a time limit on statements: a migration of a large table may take long.
  const client = new Client({ ...connection(url), options: '-c search_path=imaging' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS imaging;
      CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())`);
    const { rows } = await client.query('SELECT count(*) AS done FROM migration');
    const done = Number(rows[0]?.done);
    for (const [index, sql] of MIGRATIONS.entries())
      if (index >= done) {
        await client.query(sql);
        await client.query('INSERT INTO migration (number) VALUES ($1)', [index + 1]);
      }
    await client.query('COMMIT');
  } finally {
    // Without a commit the server takes everything back.
    await client.end();
  }
}

/** Calls `wake` with the id of each job that changes, and without one whenever something may have been missed. */
export function listenToJobs(url: string, wake: (jobId?: string) => void): Disposable {
  const stopping = new AbortController();
  let client: Client | undefined;
  const listen = async () => {
    while (!stopping.signal.aborted) {
      client = new Client(connection(url));
      const ended = new Promise<void>((resolve) => client?.once('end', resolve));
      client.on('error', () => undefined);
      client.on('notification', ({ payload }) => wake(payload));
      try {
        await client.connect();
        await client.query(`LISTEN ${JOB_CHANNEL}`);
        wake();
        await ended;
      } catch {
        await client.end().catch(() => undefined);
      }
      await pause(CONNECT_AGAIN_MS, undefined, { signal: stopping.signal, ref: false }).catch(
        () => undefined,
      );
    }
  };
  void listen();
  return {
    [Symbol.dispose]() {
      stopping.abort();
      void client?.end().catch(() => undefined);
    },
  };
}
