import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bucketSettings, startBucket } from '#common/testing/bucket.ts';
import { postgresServer, startPostgres } from '#common/testing/postgres.ts';
import { freePort } from '#common/testing/programs.ts';
import { type RunningRedis, redisServer, startRedis } from '#common/testing/redis.ts';
import type { Ledger } from '../../../subgraphs/imaging/domain/ledger.ts';
import { openLedger } from '../../../subgraphs/imaging/stores/open-ledger.ts';
import { startTcpProxy, type TcpProxy } from '../../../subgraphs/imaging/testing/tcp-proxy.ts';
import { type Orchestrated, orchestrate, type Victim } from './orchestrated.ts';

/** `one machine`: SQLite, embedded queue, folder of blobs · `many machines`: PostgreSQL, BullMQ on Redis, a bucket, with
 *  two gateways and two workers. */
export const ENGINE_SETS = ['one machine', 'many machines'] as const;

export type EngineSet = (typeof ENGINE_SETS)[number];

/** The whole system as processes of their own. */
export type Hospital = AsyncDisposable & {
  readonly dataDir: string;
  readonly gateways: readonly (Orchestrated & { readonly url: string })[];
  readonly serving: Orchestrated;
  /** Every process, stores included. */
  readonly victims: readonly Victim[];
  /** Between the services and their stores. */
  readonly network: { readonly redis: TcpProxy; readonly postgres: TcpProxy } | undefined;
  readonly redis: RunningRedis | undefined;
  /** Resolves when every process can work. */
  ready(): Promise<void>;
  /** The ledger, past the network. */
  ledger(): Promise<Ledger>;
  /** Runs `npm run audit:verify`. @returns what it said, by its exit code */
  verifyAudit(): Promise<{ code: number; said: string }>;
  /** What processes said that ended although nobody had killed them. */
  crashes(): string[];
};

const ROOT = join(import.meta.dirname, '../../..');
const NOBODY = 'http://127.0.0.1:1';

export type HospitalSettings = {
  /** With a network between the services and their stores that a test may break. */
  readonly breakable?: boolean;
  /** As on the command line of the Redis. */
  readonly redis?: readonly string[];
};

/** What of an engine set is not on this machine. */
export function missingFor(engines: EngineSet): string[] {
  if (engines === 'one machine') return [];
  return [...(postgresServer ? [] : ['postgres']), ...(redisServer ? [] : ['redis-server'])];
}

export async function startHospital(
  engines: EngineSet,
  { breakable = false, redis: redisSettings = [] }: HospitalSettings = {},
): Promise<Hospital> {
  await using starting = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'hospital-'));
  starting.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const stores = engines === 'one machine' ? undefined : await openStores(starting, breakable, redisSettings);
  const many = stores !== undefined;
  const keys = { KEYS_DIR: join(folder, 'keys') };
  // Several machines share their keys, and nothing else of their disks.
  if (many)
    execFileSync(process.execPath, [join(ROOT, 'deploy/keys/main.ts')], {
      env: { ...keys, DATA_DIR: folder },
      stdio: 'ignore',
    });
  const [grpc, rest] = await Promise.all([freePort(), freePort()]);
  const service = async (
    name: string,
    port: string,
    main: string,
    args: string[],
    more: NodeJS.ProcessEnv,
  ) => {
    const at = await freePort();
    const env = {
      DATA_DIR: many ? join(folder, name) : folder,
      ...{ ...(many && keys), ...stores?.settings, ...more },
      [port]: String(at),
    };
    const url = `http://127.0.0.1:${at}`;
    const program = { name, command: [main, ...args] as [string, ...string[]], env };
    return Object.assign(starting.use(orchestrate({ ...program, readyUrl: `${url}/readyz` })), { url });
  };
  const serving = starting.use(
    orchestrate({
      name: 'serving',
      command: ['serving/main.ts'],
      env: { SERVING_GRPC_PORT: String(grpc), SERVING_REST_PORT: String(rest), SERVING_WORKERS: '1' },
      readyUrl: `http://127.0.0.1:${rest}/readyz`,
    }),
  );
  const model = { TF_SERVING: `embedded=127.0.0.1:${grpc}` };
  const imagingAs = (name: string, role: string) =>
    service(name, 'IMAGING_PORT', 'subgraphs/imaging/main.ts', ['--role', role], model);
  const imaging = await imagingAs('imaging', many ? 'api' : 'both');
  const workers = [
    await imagingAs('worker-1', 'worker'),
    ...(many ? [await imagingAs('worker-2', 'worker')] : []),
  ];
  const heatmap = await service('heatmap', 'HEATMAP_PORT', 'subgraphs/heatmap/main.ts', [], {});
  const seen = {
    ...{ IMAGING_URL: imaging.url, HEATMAP_URL: heatmap.url, ICU_URL: NOBODY },
    ...{ MAX_UPLOAD_MB: '2', REQUEST_TIMEOUT_MS: String(ANSWER_MS), RATE_LIMIT: '1000000' },
  };
  const names = many ? ['gateway-1', 'gateway-2'] : ['gateway'];
  const gateways = await Promise.all(names.map((name) => service(name, 'PORT', 'gateway/main.ts', [], seen)));
  const services = [serving, imaging, ...workers, heatmap, ...gateways];
  const database = stores?.database;

  const running = starting.move();
  return {
    dataDir: folder,
    gateways,
    serving,
    victims: [...services, ...(stores?.servers ?? [])],
    network: stores?.network,
    redis: stores?.redis,
    async ready() {
      await Promise.all([...services, ...(stores?.servers ?? [])].map((one) => one.ready()));
    },
    ledger: () => openLedger({ dataDir: folder, databaseUrl: database }),
    async verifyAudit() {
      const verifying = spawn(process.execPath, [join(ROOT, 'subgraphs/imaging/audit/main.ts')], {
        env: { DATA_DIR: folder, ...(database && { DATABASE_URL: database }) },
      });
      const said = Promise.all([text(verifying.stdout), text(verifying.stderr)]);
      const [code] = await once(verifying, 'exit');
      return { code: Number(code), said: (await said).join('').trim() };
    },
    crashes: () => services.flatMap(({ crashes }) => crashes),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The longest that a gateway here may take for an answer. */
export const ANSWER_MS = 10_000;

/** PostgreSQL, Redis and a bucket. */
async function openStores(stack: AsyncDisposableStack, breakable: boolean, redisSettings: readonly string[]) {
  const postgres = stack.use(await startPostgres());
  const redis = stack.use(await startRedis(undefined, redisSettings));
  const bucket = stack.use(await startBucket());
  const database = await postgres.database();
  const at = new URL(database);
  const network = breakable
    ? {
        redis: stack.use(await startTcpProxy(redis.port, await freePort())),
        postgres: stack.use(await startTcpProxy(Number(at.port), await freePort())),
      }
    : undefined;
  const throughNetwork = (url: string, port: number | undefined) => {
    const through = new URL(url);
    if (port) through.port = String(port);
    return through.href;
  };
  return {
    ...{ redis, database, network },
    servers: [restarted('postgres', postgres), restarted('redis', redis)],
    settings: {
      ...bucketSettings(bucket),
      DATABASE_URL: throughNetwork(database, network?.postgres.port),
      REDIS_URL: throughNetwork(redis.url, network?.redis.port),
    },
  };
}

/** A server of a store: killed, it is started again at once, and not killed before it has started. */
function restarted(name: string, server: { kill(): Promise<void>; start(): Promise<void> }) {
  let starting: Promise<void> = Promise.resolve();
  return {
    name,
    async kill() {
      await starting;
      await server.kill();
      starting = server.start();
      // Who waits for it is told.
      starting.catch(() => undefined);
    },
    ready: () => starting,
  };
}
