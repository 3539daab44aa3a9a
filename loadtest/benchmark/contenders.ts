import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { WARD_SUBGRAPHS, type WardSubgraph } from './ward-subgraphs.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const HIVE = ['@graphql-hive/gateway@2.15.1', '@graphql-hive/router-runtime@1.4.23'];

/** A gateway as a user starts it: a command line, and the settings that it reads. */
export type Contender = {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
  readonly env?: Record<string, string>;
};

export type Ward = { readonly supergraph: string; readonly urls: ReadonlyMap<WardSubgraph, string> };

export function radiograph({ supergraph, urls }: Ward, dataDir: string): Contender {
  const env = {
    SUPERGRAPH_PATH: supergraph,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    ...Object.fromEntries(WARD_SUBGRAPHS.map((name) => [`${name.toUpperCase()}_URL`, urls.get(name) ?? ''])),
  };
  return { name: 'Radiograph', command: () => [join(ROOT, 'gateway/main.ts')], env };
}

export function defaultGateway({ supergraph }: Ward): Contender {
  const command = (port: number) => [join(HERE, 'serve-default-gateway.ts'), supergraph, String(port)];
  return { name: '@apollo/gateway + @apollo/server', command };
}

/** Hive Gateway with its Rust query planner, installed into `folder` unless it is there: it is half a gigabyte and no
 *  dependency of ours. */
export function hiveGateway({ supergraph }: Ward, folder: string): Contender {
  const main = join(folder, 'node_modules/@graphql-hive/gateway/dist/bin.js');
  if (!existsSync(main))
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', ...HIVE], {
      stdio: 'inherit',
    });
  const command = (port: number) => [
    main,
    'supergraph',
    supergraph,
    ...['--hive-router-runtime', '--fork', '1', '--host', '127.0.0.1', '--port', String(port)],
  ];
  return { name: `Hive Gateway, Rust planner (${HIVE.join(', ')})`, command };
}

export type Running = AsyncDisposable & { readonly url: string; readonly pid: number };

/** Starts a process on a free port; disposing it waits for its end. */
export async function started(
  command: (port: number) => readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, command(port), {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      APOLLO_TELEMETRY_DISABLED: '1',
      PORT: String(port),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'spawn');
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(hard);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
