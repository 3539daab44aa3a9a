import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { freePorts } from './stack.ts';

/** The program, found by PATH. */
export const REDIS_SERVER = 'redis-server';
/** What a cache of inferences wants: a limit, the least used go first, nothing on disk. */
const SETTINGS = [
  '--maxmemory',
  '64mb',
  '--maxmemory-policy',
  'allkeys-lfu',
  '--save',
  '',
  '--appendonly',
  'no',
];

/** A redis-server on a port that it keeps. */
export type OwnRedis = AsyncDisposable & {
  readonly port: number;
  /** Ends it with SIGKILL; what it held is lost. */
  kill(): Promise<void>;
  /** Starts it after it was killed, and waits until it can be asked. */
  start(): Promise<void>;
  /** Refuses writes from now on, as if it had no memory left and might drop nothing. */
  fill(): Promise<void>;
  /** Takes writes again. */
  drain(): Promise<void>;
  /** Memory of what it holds, in bytes. */
  usedBytes(): Promise<number>;
};

/** @throws Error where there is no redis-server */
export async function openOwnRedis(): Promise<OwnRedis> {
  const [port = 0] = await freePorts(1);
  let server: ChildProcess;
  let admin: Redis;
  const start = async () => {
    server = await startServer(port);
    admin = new Redis(port, '127.0.0.1');
  };
  const kill = async () => {
    admin.disconnect();
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  const usedBytes = async () => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1] ?? 1);
  await start();
  return {
    port,
    start,
    kill,
    usedBytes,
    async fill() {
      const used = String(await usedBytes());
      await admin.config('SET', 'maxmemory', used, 'maxmemory-policy', 'noeviction');
    },
    async drain() {
      await admin.config('SET', 'maxmemory', '64mb', 'maxmemory-policy', 'allkeys-lfu');
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function startServer(port: number): Promise<ChildProcess> {
  const server = spawn(REDIS_SERVER, ['--port', String(port), '--bind', '127.0.0.1', ...SETTINGS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server, 'spawn').catch(() => {
    throw new Error('Expected redis-server on this machine, found none (Debian: apt install redis-server)');
  });
  for await (const line of createInterface({ input: server.stdout }))
    if (line.includes('Ready to accept connections')) {
      server.stdout.resume();
      return server;
    }
  throw new Error('redis-server does not start');
}
