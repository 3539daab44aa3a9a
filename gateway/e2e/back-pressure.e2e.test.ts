import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { EVENT_BYTES, type Flood, startFlood } from './flood.ts';

const QUERY = 'subscription { flood { number text } }';
/** What would pile up in the gateway if it went on to read for a client that does not. */
const EVENTS = 600;
const PILE_BYTES = EVENTS * EVENT_BYTES;
const BOUND_BYTES = PILE_BYTES / 2;

/** What a refused operation sends comes back in its refusal. */
const ASKS = 5_000;
const ASK_BYTES = 20_000;
const ASKS_AT_ONCE = 100;
/** A gateway that reads takes so many sooner. */
const NO_LONGER_READ_MS = 3_000;

/** Less than the time after which a process that drains is ended by force. */
const PATIENCE_MS = 12_000;

/** A client that can stop reading. */
type Reader = { readonly ended: Promise<unknown>; stop(): void; goOn(): void; close(): void };

const TRANSPORTS: readonly { name: string; open(url: string): Promise<Reader & { events(): number }> }[] = [
  { name: 'graphql-ws', open: openSocket },
  { name: 'event stream', open: (url) => openStream(url, 'text/event-stream') },
  { name: 'multipart', open: (url) => openStream(url, 'multipart/mixed;subscriptionSpec=1.0') },
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Asked again for a while: buffers that are free already are counted until V8 has swept them. */
async function expectBounded(before: number): Promise<void> {
  await expect.poll(() => usedBytes() - before, { timeout: 10_000 }).toBeLessThan(BOUND_BYTES);
}

async function active(base: string): Promise<number> {
  const metrics = await (await fetch(`${base}/metrics`)).text();
  return Number(/^active_subscriptions(?:{[^}]*})? (\d+)$/m.exec(metrics)?.[1]);
}

async function openSocket(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  let events = 0;
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.on('message', () => (events += 1));
  socket.on('error', () => undefined);
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
  return {
    ended: once(socket, 'close'),
    events: () => events,
    stop: () => socket.pause(),
    goOn: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

async function openStream(url: string, accept: string) {
  const client = request(`${url}/graphql`, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json' },
  });
  client.end(JSON.stringify({ query: QUERY }));
  client.on('error', () => undefined);
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
  answer.on('error', () => undefined);
  return {
    ended: new Promise((resolve) => answer.once('close', resolve)),
    events: () => Math.floor(bytes / EVENT_BYTES),
    stop: () => answer.pause(),
    goOn: () => answer.resume(),
    close: () => client.destroy(),
  };
}

describe('a client that stops reading', () => {
  let flood: Flood;
  beforeAll(async () => {
    flood = await startFlood({ MAX_OPERATIONS_PER_SOCKET: '20' });
  }, 60_000);
  afterAll(() => flood[Symbol.asyncDispose]());

  test.each(TRANSPORTS)(
    '$name: nothing piles up, and reading on goes on',
    { timeout: 90_000 },
    async ({ open }) => {
      const reader = await open(flood.url);
      await expect.poll(reader.events, { timeout: 20_000 }).toBeGreaterThan(3);
      reader.stop();
      const before = usedBytes();
      const from = flood.sent();
      await expect.poll(flood.sent, { timeout: 40_000 }).toBeGreaterThan(from + EVENTS);
      await expectBounded(before);
      const read = reader.events();
      reader.goOn();
      await expect.poll(reader.events, { timeout: 20_000 }).toBeGreaterThan(read + 20);
      reader.close();
      await expect.poll(() => active(flood.url)).toBe(0);
    },
  );

  test('graphql-ws: nor do the answers to what it still asks; it is not read from any more', {
    timeout: 60_000,
  }, async () => {
    const socket = new WebSocket(`${flood.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.pause();
    const before = usedBytes();
    const padding = '-'.repeat(ASK_BYTES);
    const payload = { query: '{ large }' };
    const ask = (id: number) =>
      new Promise<boolean>((resolve) => {
        const message = { id: `${id}${padding}`, type: 'subscribe', payload };
        socket.send(JSON.stringify(message), () => resolve(true));
      });
    let taken = 0;
    for (let isRead = true; isRead && taken < ASKS; taken += ASKS_AT_ONCE) {
      const asks = Array.from({ length: ASKS_AT_ONCE }, (_, i) => ask(taken + i));
      isRead = await Promise.race([
        Promise.all(asks).then(() => true),
        pause(NO_LONGER_READ_MS).then(() => false),
      ]);
    }
    expect(taken).toBeLessThan(ASKS);
    await expectBounded(before);
    socket.on('error', () => undefined);
    socket.terminate();
    await once(socket, 'close');
  });
});

describe('a client that reads nothing for longer than it may', () => {
  let flood: Flood;
  beforeAll(async () => {
    flood = await startFlood({ STUCK_SOCKET_MS: '1000', MAX_OPERATIONS_PER_SOCKET: '5' });
  }, 60_000);
  afterAll(() => flood[Symbol.asyncDispose]());

  test.each(TRANSPORTS)(
    '$name: its connection is closed, and its stream with it',
    { timeout: 60_000 },
    async ({ open }) => {
      const reader = await open(flood.url);
      await expect.poll(reader.events, { timeout: 20_000 }).toBeGreaterThan(3);
      expect(await active(flood.url)).toBe(1);
      reader.stop();
      await expect.poll(() => active(flood.url), { timeout: 20_000 }).toBe(0);
      reader.goOn();
      await reader.ended;
    },
  );

  test('the operations of a socket are limited, and told so', async () => {
    const socket = new WebSocket(`${flood.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const refused = new Promise<string>((resolve) => {
      socket.on('message', (message: Buffer) => {
        if (message.includes('OVERLOADED')) resolve(message.toString());
      });
    });
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    for (let id = 1; id <= 6; id += 1)
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: QUERY } }));
    expect(JSON.parse(await refused)).toMatchObject({ id: '6', type: 'error' });
    socket.close();
    await once(socket, 'close');
  });
});

test.each(TRANSPORTS)(
  '$name: a client that reads nothing does not hold up the end',
  { timeout: 60_000 },
  async ({ open }) => {
    const flood = await startFlood();
    const reader = await open(flood.url);
    await expect.poll(reader.events, { timeout: 20_000 }).toBeGreaterThan(3);
    reader.stop();
    const from = flood.sent();
    await expect.poll(flood.sent, { timeout: 40_000 }).toBeGreaterThan(from + EVENTS);
    const started = performance.now();
    await flood[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
    reader.close();
    await reader.ended;
  },
);
