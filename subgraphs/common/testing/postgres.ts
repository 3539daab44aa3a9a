import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort, program } from './programs.ts';

const FOLDERS = '/usr/lib/postgresql/*/bin';

/** Where a PostgreSQL server is on this machine; undefined where there is none. */
export const postgresServer = program('postgres', FOLDERS);

export type RunningPostgres = AsyncDisposable & {
  /** A new database. @returns its URL */
  database(): Promise<string>;
  /** Ends the server at once, as a crash does; nothing answers at its port until `start`. */
  crash(): Promise<void>;
  /** Kills the server (SIGKILL), which cannot tell its children any more: they end by themselves a moment later. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

const START_MS = 30_000;
const START_AGAIN_MS = 100;

/** A PostgreSQL of its own on a free port. It refuses to run as root, whom the user `postgres` stands in for. */
export async function startPostgres(): Promise<RunningPostgres> {
  if (!postgresServer) throw new Error('There is no postgres');
  const binary = postgresServer;
  const user = process.getuid?.() === 0 ? userNamed('postgres') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...user };
  const made = spawn(
    join(dirname(binary), 'initdb'),
    ['-D', data, '-U', 'radiograph', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { ...options, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [code] = await once(made, 'exit');
  if (code !== 0) throw new Error(`initdb ended with ${code}`);
  const port = await freePort();
  let server: ChildProcess | undefined;
  let databases = 0;

  const end = async (signal: 'SIGQUIT' | 'SIGKILL') => {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  };
  // "Immediate shutdown": no checkpoint, as after a crash, but no child is left behind.
  const crash = () => end('SIGQUIT');
  const start = async () => {
    for (const until = Date.now() + START_MS; ; await pause(START_AGAIN_MS)) {
      const said = await startOnce();
      if (said === undefined) return;
      // The children of a server that was killed hold its shared memory until they have ended.
      if (!said.includes('still in use') || Date.now() > until)
        throw new Error(`postgres did not start: ${said}`);
    }
  };
  /** @returns what the server said when it did not start */
  const startOnce = async (): Promise<string | undefined> => {
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
    const started = spawn(binary, ['-D', data, ...settings.flatMap((one) => ['-c', one])], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server = started;
    const said = [];
    for await (const line of createInterface({ input: started.stderr })) {
      said.push(line);
      if (line.includes('ready to accept connections')) {
        started.stderr.resume();
        return undefined;
      }
    }
    return said.join('\n');
  };
  const urlOf = (name: string) => `postgres://radiograph@127.0.0.1:${port}/${name}`;

  await start();
  return {
    crash,
    kill: () => end('SIGKILL'),
    start,
    async database() {
      databases += 1;
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE test_${databases}`);
      await client.end();
      return urlOf(`test_${databases}`);
    },
    async [Symbol.asyncDispose]() {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function userNamed(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
