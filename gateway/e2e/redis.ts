import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where a Redis server is on this machine; undefined where there is none. */
export const redisServer = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'redis-server'))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export type RunningRedis = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
};

/** A Redis of its own, with nothing on disk. @param port a port that was free; another one when it is left out */
export async function startRedis(port?: number): Promise<RunningRedis> {
  if (!redisServer) throw new Error('There is no redis-server');
  const at = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const server = spawn(
    redisServer,
    ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
