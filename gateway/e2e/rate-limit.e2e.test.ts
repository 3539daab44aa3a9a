import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { redisServer, startRedis } from '#common/testing/redis.ts';
import { type Answer, ask, type System, startSystem } from './system.ts';

const withRedis = test.runIf(redisServer);
if (!redisServer)
  console.warn(
    'SKIPPED: the gateway is not tested with Redis, since there is none here (Debian package redis-server)',
  );

const MOST = 4;
let system: System;
beforeAll(async () => {
  // The address in X-Forwarded-For tells the callers of a test apart.
  system = await startSystem({ gateway: { RATE_LIMIT: String(MOST), TRUSTED_PROXIES: 'loopback' } });
});
afterAll(() => system[Symbol.asyncDispose]());

function post(caller: string, headers: Record<string, string> = {}, body = '{"query":"{ __typename }"}') {
  return fetch(`${system.url}/graphql`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-forwarded-for': caller, ...headers },
  });
}

async function exhaust(caller: string): Promise<void> {
  for (let i = 0; i < MOST; i++) expect((await post(caller)).status).toBe(200);
}

async function expectLimited(answer: Response): Promise<void> {
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  const { errors } = (await answer.json()) as Answer;
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  expect(errors?.[0]?.message).toContain(`at most ${MOST} requests in a minute`);
}

test('a caller over its limit is told so and when to come back; another is served', async () => {
  const first = await post('10.0.0.1');
  expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=4;w=60');
  expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=3;t=\d+$/);
  for (let i = 1; i < MOST; i++) await post('10.0.0.1');
  await expectLimited(await post('10.0.0.1'));
  expect((await post('10.0.0.2')).status).toBe(200);
});

test('streams, multipart streams and uploads count too', async () => {
  await exhaust('10.0.0.3');
  await expectLimited(await post('10.0.0.3', { accept: 'text/event-stream' }));
  await expectLimited(await post('10.0.0.3', { accept: 'multipart/mixed;subscriptionSpec="1.0"' }));
  await expectLimited(
    await post('10.0.0.3', {
      'content-type': 'multipart/form-data; boundary=b',
      'apollo-require-preflight': '1',
    }),
  );
});

test('an upload is refused before any of its body has come', async () => {
  await exhaust('10.0.0.4');
  const { hostname, port } = new URL(system.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 10.0.0.4\r\napollo-require-preflight: 1\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 60000000\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 429 /);
  socket.destroy();
});

class ForwardedSocket extends WebSocket {
  constructor(address: string, protocol: string) {
    super(address, protocol, { headers: { 'x-forwarded-for': '10.0.0.5' } });
  }
}

test('a socket counts when it opens and for each of its operations', async () => {
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: ForwardedSocket,
    lazy: false,
  });
  const one = async () => {
    const events = client.iterate({ query: '{ __typename }' });
    return (await events.next()).value;
  };
  for (let i = 1; i < MOST; i++) expect(await one()).toEqual({ data: { __typename: 'Query' } });
  await expect(one()).rejects.toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  const late = new ForwardedSocket(`${system.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const [, refused] = (await once(late, 'unexpected-response')) as [
    unknown,
    { statusCode: number; headers: Record<string, string> },
  ];
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  late.on('error', () => undefined);
  late.terminate();
  await client.dispose();
});

test('probes, metrics and the page are not counted', async () => {
  const headers = { 'x-forwarded-for': '10.0.0.6' };
  for (let i = 0; i < MOST * 2; i++)
    for (const path of ['/healthz', '/metrics', '/'])
      expect((await fetch(system.url + path, { headers })).status).toBe(200);
});

withRedis('Redis may die in the middle: nobody gets an error for it', { timeout: 60_000 }, async () => {
  await using redis = await startRedis();
  await using counted = await startSystem({ gateway: { RATE_LIMIT: '100000', REDIS_URL: redis.url } });
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    if (i === 100) redis.process.kill('SIGKILL');
    const began = performance.now();
    expect(await ask(counted.url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  expect(times[197]).toBeLessThan(3_000);
});
