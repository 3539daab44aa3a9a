import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redisServer, startRedis } from '#common/testing/redis.ts';
import { openRateLimit, type RateLimit } from './rate-limit.ts';

const silent = pino({ level: 'silent' });
const withRedis = test.runIf(redisServer);
if (!redisServer)
  console.warn(
    'SKIPPED: the rate limit is not tested with Redis, since there is none here (Debian package redis-server)',
  );

/** However busy the machine is: without our time limits these calls would take for ever. */
const SLOW_MS = 3_000;

async function allowed(limit: RateLimit, caller: string, times: number): Promise<number> {
  const taken = await Promise.all(Array.from({ length: times }, () => limit.take(caller)));
  return taken.filter((each) => each.allowed).length;
}

/** The slowest of calls one after the other, in ms. */
async function slowest(limit: RateLimit, times: number): Promise<number> {
  let most = 0;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await limit.take(`caller ${i}`);
    most = Math.max(most, performance.now() - began);
  }
  return most;
}

let callers = 0;

/** What both allow a new caller that asks each of them as often as the limit. Apart they allow it twice. */
async function allowedByBoth(one: RateLimit, two: RateLimit): Promise<number> {
  const caller = `caller of both ${++callers}`;
  return (await allowed(one, caller, one.most)) + (await allowed(two, caller, two.most));
}

/** Not at once: they count together from when both are connected, and on a busy machine an answer of Redis may take
 *  longer than it is waited for. */
const together = (one: RateLimit, two: RateLimit) =>
  expect.poll(() => allowedByBoth(one, two), { timeout: 15_000, interval: 50 }).toBe(one.most);

test('a caller has its requests in a minute, another one its own', async () => {
  await using limit = openRateLimit(3, undefined, silent);
  const taken = [];
  for (let i = 0; i < 4; i++) taken.push(await limit.take('a'));
  expect(taken.map((each) => [each.allowed, each.left])).toEqual([
    [true, 2],
    [true, 1],
    [true, 0],
    [false, 0],
  ]);
  expect(taken.at(-1)?.seconds).toBeGreaterThan(50);
  expect(taken.at(-1)?.seconds).toBeLessThanOrEqual(60);
  expect(await limit.take('b')).toMatchObject({ allowed: true, left: 2 });
});

withRedis('two gateways count together, and each for itself while Redis is gone', async () => {
  await using redis = await startRedis();
  await using one = openRateLimit(10, redis.url, silent);
  await using two = openRateLimit(10, redis.url, silent);
  await together(one, two);

  redis.process.kill('SIGKILL');
  await once(redis.process, 'exit');
  expect(await allowedByBoth(one, two)).toBe(20);
  expect(await slowest(one, 50)).toBeLessThan(SLOW_MS);

  await using again = await startRedis(redis.port);
  await together(one, two);
  expect(again.port).toBe(redis.port);
});

withRedis(
  'a Redis that falls silent in the middle costs little, and counts again when it wakes',
  async () => {
    await using redis = await startRedis();
    await using one = openRateLimit(10, redis.url, silent);
    await using two = openRateLimit(10, redis.url, silent);
    await together(one, two);
    redis.process.kill('SIGSTOP');
    expect(await slowest(one, 50)).toBeLessThan(SLOW_MS);
    expect(await allowed(one, 'a', 20)).toBe(10);
    redis.process.kill('SIGCONT');
    await together(one, two);
  },
);

test('a Redis that takes connections and never answers costs nothing', async () => {
  const sockets = new Set<Socket>();
  const hole = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const { port } = hole.address() as AddressInfo;
  const connected = once(hole, 'connection');
  {
    await using limit = openRateLimit(10, `redis://127.0.0.1:${port}`, silent);
    expect(await slowest(limit, 50)).toBeLessThan(SLOW_MS);
    await connected;
    expect(await slowest(limit, 50)).toBeLessThan(SLOW_MS);
    expect(await allowed(limit, 'a', 20)).toBe(10);
  }
  for (const socket of sockets) socket.destroy();
  hole.close();
});
