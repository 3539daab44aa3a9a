import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRedis, redisServer, startRedis } from '#common/testing/redis.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { anInference, CARD, inferenceCacheCases, stored } from './inference-cache-cases.ts';
import { modelField } from './inference-codec.ts';
import { inferenceMetrics } from './inference-metrics.ts';
import { redisInferenceCache } from './redis-inference-cache.ts';

if (!redisServer) console.warn('skipped: there is no redis-server on this machine');

const silent = pino({ level: 'silent' });
/** A cache, with what it counts of its look-ups and writes. */
function aCache(url: string, ttlSeconds = 60) {
  const metrics = inferenceMetrics(new Registry());
  const cache = redisInferenceCache(url, ttlSeconds, metrics, silent);
  const counts = async (which: 'cacheLookups' | 'cacheWrites') =>
    Object.fromEntries(
      (await metrics[which].get()).values.map(({ labels, value }) => [labels.outcome, value]),
    );
  return Object.assign(cache, {
    lookups: () => counts('cacheLookups'),
    writes: () => counts('cacheWrites'),
  });
}
/** Once it finds what it stored: a connection takes a moment. */
async function connected<Cache extends InferenceCache>(cache: Cache): Promise<Cache> {
  await stored(cache, 'probe', CARD, anInference(0));
  return cache;
}
/** Again while the cache has no time for it, as it may: this machine may be busy. */
const found = (cache: InferenceCache, address: string) =>
  expect.poll(() => cache.get(address, CARD), { timeout: 15_000 });

describe.skipIf(!redisServer)('a cache in Redis', () => {
  let server: RunningRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server[Symbol.asyncDispose]();
  });

  inferenceCacheCases((ttlSeconds) => connected(aCache(server.url, ttlSeconds)));

  test('every entry has an end', async () => {
    await using cache = await connected(aCache(server.url, 60));
    await stored(cache, 'a', CARD, anInference(1));
    expect(await redis.ttl('radiograph:inference:a')).toBeGreaterThan(50);
  });

  test('caches of several processes share their entries', async () => {
    await using one = await connected(aCache(server.url));
    await using other = await connected(aCache(server.url));
    await stored(one, 'a', CARD, anInference(1));
    await found(other, 'a').toEqual(anInference(1));
  });

  test.each<[string, (whole: Buffer) => Buffer]>([
    ['cut', (whole) => whole.subarray(0, -1)],
    ['of nothing', () => Buffer.alloc(0)],
    ['of another program', () => Buffer.from('{"probabilities":[1]}')],
    [
      'with a bit that fell over',
      (whole) => Buffer.from(whole.map((byte, i) => (i === 30 ? byte ^ 1 : byte))),
    ],
  ])('an entry %s is counted, dropped and asked for anew', async (_name, poison) => {
    await using cache = await connected(aCache(server.url));
    const [key, field] = ['radiograph:inference:a', modelField(CARD)];
    await stored(cache, 'a', CARD, anInference(1));
    await redis.hset(key, field, poison((await redis.hgetBuffer(key, field)) ?? Buffer.alloc(0)));
    const dropped = async () => {
      expect(await cache.get('a', CARD)).toBeUndefined();
      return redis.hexists(key, field);
    };
    await expect.poll(dropped, { timeout: 10_000 }).toBe(0);
    expect((await cache.lookups()).poisoned).toBeGreaterThan(0);
    await stored(cache, 'a', CARD, anInference(1));
  });

  test('a full Redis still answers what it has', async () => {
    await using full = await startRedis();
    await using cache = await connected(aCache(full.url));
    await stored(cache, 'a', CARD, anInference(1));
    const { stored: before } = await cache.writes();
    const admin = new Redis(full.url);
    await admin.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    for (let i = 0; i < 10; i += 1) await cache.set(`b${i}`, CARD, anInference(2));
    expect((await cache.writes()).stored).toBe(before);
    await found(cache, 'a').toEqual(anInference(1));
    expect(await cache.get('b1', CARD)).toBeUndefined();
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    await stored(cache, 'b1', CARD, anInference(2));
  });

  test('a key of another type is a fault of the entry, not of the server', async () => {
    await using cache = await connected(aCache(server.url));
    const { resting: before = 0 } = await cache.lookups();
    await redis.set('radiograph:inference:a', 'text');
    for (let i = 0; i < 10; i += 1) expect(await cache.get('a', CARD)).toBeUndefined();
    expect((await cache.lookups()).resting ?? 0).toBe(before);
    await found(cache, 'probe').toBeDefined();
  });

  test('a Redis that falls mute costs a few look-ups their 50 ms, and is used again when it wakes', async () => {
    await using proxy = await startTcpProxy(server.port);
    await using cache = await connected(aCache(`redis://127.0.0.1:${proxy.port}`));
    await stored(cache, 'a', CARD, anInference(1));
    const before = await cache.lookups();
    proxy.mode = { kind: 'mute' };
    for (let i = 0; i < 100; i += 1) expect(await cache.get('a', CARD)).toBeUndefined();
    const { error = 0, resting = 0 } = await cache.lookups();
    expect(error - (before.error ?? 0)).toBeLessThanOrEqual(5);
    expect(resting - (before.resting ?? 0)).toBeGreaterThanOrEqual(95);
    await expect(cache.forget('a')).rejects.toThrow();
    proxy.mode = { kind: 'open' };
    await found(cache, 'a').toEqual(anInference(1));
  });

  test('a Redis that is slower than 50 ms is left alone too', async () => {
    await using proxy = await startTcpProxy(server.port);
    await using cache = await connected(aCache(`redis://127.0.0.1:${proxy.port}`));
    proxy.mode = { kind: 'slow', ms: 100 };
    for (let i = 0; i < 50; i += 1) expect(await cache.get('a', CARD)).toBeUndefined();
    expect((await cache.lookups()).resting).toBeGreaterThanOrEqual(45);
  });

  test('a Redis that is killed is missed by nobody, and used when it is there again', async () => {
    const mortal = await startRedis();
    await using cache = await connected(aCache(mortal.url));
    await mortal[Symbol.asyncDispose]();
    for (let i = 0; i < 20; i += 1) {
      await cache.set('a', CARD, anInference(1));
      expect(await cache.get('a', CARD)).toBeUndefined();
    }
    await using _again = await startRedis(mortal.port);
    await connected(cache);
  });

  test('a Redis that is not there at the start is used when it comes', async () => {
    const before = await startRedis();
    await before[Symbol.asyncDispose]();
    await using cache = aCache(before.url);
    expect(await cache.get('a', CARD)).toBeUndefined();
    await using _late = await startRedis(before.port);
    await connected(cache);
  });
});
