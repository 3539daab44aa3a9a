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
};

/** A Redis of its own, with nothing on disk.
 *  @param port a port that was free; another one when it is left out @param settings as on its command line */
export async function startRedis(port?: number, settings: readonly string[] = []): Promise<RunningRedis> {
  if (!redisServer) throw new Error('There is no redis-server');
  const at = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const server = spawn(
    redisServer,
    ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...settings],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: server.stdout }))
    if (line.includes('Ready to accept connections')) break;
  server.stdout.resume();
  return {
    url: `redis://127.0.0.1:${at}`,
    port: at,
    process: server,
    async [Symbol.asyncDispose]() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
