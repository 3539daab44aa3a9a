import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceUrls } from './watch/service-metrics.ts';

const ROOT = join(import.meta.dirname, '..');
const READY_MS = 60_000;
const END_MS = 20_000;

/** A Radiograph under load: where it answers and where each of its services has its metrics. */
export type System = { readonly url: string; readonly services: ServiceUrls };

export type StackOptions = {
  /** Names of the pools of model servers, in the order of preference; each gets a server of its own. */
  readonly pools?: readonly string[];
  /** Model servers that run already, in the form of TF_SERVING; none is started then. */
  readonly modelServers?: string;
  /** Redis of imaging's cache of inferences; in memory when it is not given. */
  readonly cacheUrl?: string;
  /** Further settings of every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that gets a CPU profile of each service. */
  readonly profile?: string | undefined;
};

export type Stack = System &
  AsyncDisposable & {
    readonly dataDir: string;
    /** Ends a service with SIGKILL. */
    kill(service: string): Promise<void>;
    /** Starts a service that was killed. */
    start(service: string): Promise<void>;
  };

type Service = { readonly main: string; readonly env: Record<string, string>; readonly metrics: string };

/** Starts every service as a process of its own on free ports, with an empty data folder, and waits until all are
 *  ready. Disposing it waits for their end and removes the folder. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const {
    modelServers,
    pools = modelServers === undefined ? ['embedded'] : [],
    cacheUrl,
    env: more,
    profile,
  } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'radiograph-load-'));
  const [gateway = 0, imaging = 0, heatmap = 0, icu = 0, ...servers] = await freePorts(4 + 2 * pools.length);
  const common = { DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...more };
  const poolPorts = pools.map((name, i) => ({ name, grpc: servers[2 * i], rest: servers[2 * i + 1] }));
  const services = new Map<string, Service>([
    ...poolPorts.map(({ name, grpc, rest }) => {
      const env = { ...common, SERVING_GRPC_PORT: String(grpc), SERVING_REST_PORT: String(rest) };
      return [serverOf(name), { main: 'serving/main.ts', env, metrics: at(rest) }] as const;
    }),
    [
      'imaging',
      {
        main: 'subgraphs/imaging/main.ts',
        env: {
          ...common,
          IMAGING_PORT: String(imaging),
          TF_SERVING:
            modelServers ?? poolPorts.map(({ name, grpc }) => `${name}=127.0.0.1:${grpc}`).join(','),
          ...(cacheUrl === undefined ? {} : { REDIS_CACHE_URL: cacheUrl }),
        },
        metrics: at(imaging),
      },
    ],
    ...[['heatmap', 'HEATMAP_PORT', heatmap] as const, ['icu', 'ICU_PORT', icu] as const].map(
      ([name, setting, port]) => {
        const env = { ...common, [setting]: String(port) };
        return [name, { main: `subgraphs/${name}/main.ts`, env, metrics: at(port) }] as const;
      },
    ),
    [
      'gateway',
      {
        main: 'gateway/main.ts',
        env: {
          ...common,
          PORT: String(gateway),
          IMAGING_PORT: String(imaging),
          HEATMAP_PORT: String(heatmap),
          ICU_PORT: String(icu),
        },
        metrics: at(gateway),
      },
    ],
  ]);
  const running = new Map<string, ChildProcess>();
  const ending = new Set<ChildProcess>();
  const end = async (child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL') => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    ending.add(child);
    await ended(child, signal);
  };
  const start = async (name: string) => {
    const { main, env, metrics } = services.get(name) as Service;
    const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profile, name)}`];
    const child = spawn(process.execPath, [...flags, join(ROOT, main)], {
      // As `npm start` and the image do it.
      env: { MALLOC_ARENA_MAX: '2', ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    running.set(name, child);
    child.once('exit', (code, signal) => {
      if (!ending.has(child)) console.error(`${name} ended unasked: code ${code}, signal ${signal}`);
    });
    await untilReady(name, child, metrics.replace(/metrics$/, 'readyz'));
  };
  // When the driver is ended, too.
  const endAtOnce = () => {
    for (const child of running.values()) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once('exit', endAtOnce);
  const stack: Stack = {
    url: `http://127.0.0.1:${gateway}`,
    services: new Map([...services].map(([name, { metrics }]) => [name, metrics])),
    dataDir,
    start,
    async kill(name) {
      await end(running.get(name), 'SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      for (const child of [...running.values()].toReversed()) await end(child, 'SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
      process.off('exit', endAtOnce);
    },
  };
  try {
    const behind = [...services.keys()].filter((name) => name !== 'gateway');
    await Promise.all(behind.map(start));
    await start('gateway');
  } catch (error) {
    await stack[Symbol.asyncDispose]();
    throw error;
  }
  return stack;
}

/** The name of a pool's model server. */
export function serverOf(pool: string): string {
  return pool === 'embedded' ? 'serving' : `serving-${pool}`;
}

function at(port: number | undefined): string {
  return `http://127.0.0.1:${port}/metrics`;
}

async function untilReady(name: string, child: ChildProcess, url: string): Promise<void> {
  for (const giveUp = Date.now() + READY_MS; Date.now() < giveUp; await pause(50)) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
  }
  throw new Error(`${name} does not start`);
}

async function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  const hard = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exit;
  clearTimeout(hard);
}

/** All are held open until all are known, so that none is given twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
