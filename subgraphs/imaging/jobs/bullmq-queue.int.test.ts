import { once } from 'node:events';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRedis, redisServer, startRedis } from '#common/testing/redis.ts';
import type { Ledger } from '../domain/ledger.ts';
import { queueCases } from '../testing/queue-cases.ts';
import { answer, aWard } from '../testing/workers.ts';
import { openBullmqQueue } from './bullmq-queue.ts';

if (!redisServer) console.warn('SKIPPED: the queue on Redis, for want of a redis-server');

const silent = pino({ level: 'silent' });
const queueOn =
  (redisUrl: string, logger = silent) =>
  (ledger: Ledger) =>
    openBullmqQueue({ redisUrl, ledger, logger });

/** A logger that counts its lines. */
function counted() {
  const lines: string[] = [];
  return { lines, logger: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }) };
}

describe.skipIf(!redisServer)('the queue on Redis', () => {
  let redis: RunningRedis;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
  });
  beforeEach(() => client.flushall());
  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  queueCases((ledger) => queueOn(redis.url)(ledger));

  test('nothing but ids is in Redis', async () => {
    await using ward = await aWard(queueOn(redis.url));
    const ids = await ward.submit(1);
    await using _worker = await ward.worker(answer);
    await ward.ends(ids);
    const key = `bull:radiograph-jobs:${ids[0]}`;
    await expect.poll(() => client.hget(key, 'finishedOn')).not.toBeNull();
    expect(await client.hgetall(key)).toMatchObject({ data: 'null', returnvalue: 'null' });
  });

  test('a queue that lost everything in mid-run is filled again from the ledger', async () => {
    await using ward = await aWard(queueOn(redis.url));
    const ids = await ward.submit(20);
    await expect.poll(() => client.zcard('bull:radiograph-jobs:prioritized')).toBe(20);
    await client.flushall();
    await using _worker = await ward.worker(answer);
    expect(await ward.ends(ids)).toEqual(ids.map(() => 'SUCCEEDED'));
  });
});

describe.skipIf(!redisServer)('without its Redis', () => {
  test('one that evicts is refused with what is wrong and what to do', async () => {
    await using redis = await startRedis(undefined, [
      '--maxmemory',
      '64mb',
      '--maxmemory-policy',
      'allkeys-lfu',
    ]);
    await expect(aWard(queueOn(redis.url))).rejects.toThrow(
      /REDIS_URL: the queue needs a Redis with maxmemory-policy noeviction, got allkeys-lfu/,
    );
  });

  test('jobs are done while it is dead, and again through it when it is back', {
    timeout: 40_000,
  }, async () => {
    const first = await startRedis();
    const { lines, logger } = counted();
    await using ward = await aWard(queueOn(first.url, logger));
    await using _worker = await ward.worker(answer);
    await ward.ends(await ward.submit(5));
    await first[Symbol.asyncDispose]();
    const during = await ward.submit(30);
    expect(await ward.ends(during)).toEqual(during.map(() => 'SUCCEEDED'));
    await using back = await startRedis(first.port);
    await using client = Object.assign(new Redis(back.url), {
      async [Symbol.asyncDispose]() {
        client.disconnect();
      },
    });
    await expect
      .poll(
        async () => {
          await ward.ends(await ward.submit(1));
          return client.zcard('bull:radiograph-jobs:completed');
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(10);
    expect(lines.join()).toContain('the ledger is swept');
  });

  test('a full one keeps no job from being done, and is not shouted about', async () => {
    await using redis = await startRedis(undefined, [
      '--maxmemory',
      '3mb',
      '--maxmemory-policy',
      'noeviction',
    ]);
    const client = new Redis(redis.url);
    const { lines, logger } = counted();
    await using ward = await aWard(queueOn(redis.url, logger));
    await using _worker = await ward.worker(answer);
    await ward.ends(await ward.submit(5));
    const fill = async () => {
      for (let i = 0; ; i += 1) await client.set(`fill-${i}`, 'x'.repeat(10_000));
    };
    await expect(fill()).rejects.toThrow('OOM');
    const during = await ward.submit(100);
    expect(await ward.ends(during)).toEqual(during.map(() => 'SUCCEEDED'));
    expect(lines.length).toBeLessThan(10);
    client.disconnect();
  });

  test('a mute one does not keep the worker from stopping', { timeout: 40_000 }, async () => {
    await using redis = await startRedis();
    const began = Date.now();
    {
      await using ward = await aWard(queueOn(redis.url));
      await using _worker = await ward.worker(answer);
      await ward.ends(await ward.submit(1));
      redis.process.kill('SIGSTOP');
      const ids = await ward.submit(2);
      expect(await ward.ends(ids)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    }
    expect(Date.now() - began).toBeLessThan(25_000);
    redis.process.kill('SIGKILL');
    await once(redis.process, 'exit');
  });
});
