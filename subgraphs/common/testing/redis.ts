import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, program } from './programs.ts';

/** Where a Redis server is on this machine; undefined where there is none. */
export const redisServer = program('redis-server');

export type RunningRedis = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends the server at once; nothing answers at its port until `start`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder: without `--appendonly yes` it has forgotten everything. */
  start(): Promise<void>;
};

/** A Redis of its own, with nothing on disk.
 *  @param port a port that was free; another one when it is left out @param settings as on its command line */
export async function startRedis(port?: number, settings: readonly string[] = []): Promise<RunningRedis> {
  if (!redisServer) throw new Error('There is no redis-server');
  const binary = redisServer;
  const at = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const given = ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...settings];
  const started = async () => {
    const server = spawn(binary, given, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: server.stdout }))
      if (line.includes('Ready to accept connections')) break;
    server.stdout.resume();
    return server;
  };
  let server = await started();
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${at}`,
    port: at,
    get process() {
      return server;
    },
    kill,
    async start() {
      server = await started();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
