import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ANONYMOUS } from '#common/caller.ts';
import { DEADLINE_HEADER } from '#common/deadline.ts';
import { type Asker, createContext, type GatewayContext } from '../context.ts';
import { gatewayMetrics } from '../gateway-metrics.ts';
import { sharedReads } from './shared-reads.ts';
import type { SubgraphAnswer } from './subgraph-exchange.ts';
import { type SubgraphOperation, type SubgraphSource, subgraphSource } from './subgraph-source.ts';

const NOBODY = { caller: ANONYMOUS };

/** A busy machine is slow. */
const PATIENCE = { timeout: 15_000 };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const READ: SubgraphOperation = {
  operation: 'query Risk__icu__0($id:ID!){patient(id:$id){risk}}',
  operationKind: 'query',
};
const MUTATION: SubgraphOperation = {
  operation: 'mutation Record__icu__0{observationRecord{id}}',
  operationKind: 'mutation',
};

const answering: Handler = (_request, response) => void response.end('{"data":{"patient":{"risk":0.5}}}');
const withStatus =
  (status: number): Handler =>
  (_request, response) =>
    void response.writeHead(status).end('<html>secret</html>');

/** A subgraph that answers as told, and the gateway's source for it. */
let answer: Handler;
let received: IncomingMessage[];
let server: Server;
let source: SubgraphSource;
let metrics: ReturnType<typeof gatewayMetrics>;

beforeEach(async () => {
  answer = answering;
  received = [];
  server = createServer((request, response) => {
    request.resume().once('end', () => {
      received.push(request);
      answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  metrics = gatewayMetrics();
  source = subgraphSource('icu', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    metrics,
    logger: pino({ level: 'silent' }),
    tokens: async ({ subject }, subgraph) => `${subject} at ${subgraph}`,
    reads: sharedReads<SubgraphAnswer>(),
    longestAnswerBytes: 10_000,
  });
  return async () => {
    server.closeAllConnections();
    server.close();
    await source[Symbol.asyncDispose]();
  };
});

type Asked = {
  context?: GatewayContext;
  operation?: SubgraphOperation;
  variables?: Record<string, unknown>;
  within?: 'query' | 'mutation';
};

function ask({
  context = createContext(20_000, NOBODY),
  operation = READ,
  variables = {},
  within = 'query',
}: Asked = {}) {
  return source.ask(operation, variables, context, within);
}

const named = (caller: string, requestMs = 20_000, gone?: AbortSignal, asker: Asker = {}) =>
  createContext(requestMs, { ...NOBODY, gone, shareReadsAs: caller, ...asker });

async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  const found = await metrics.registry.getSingleMetric(name)?.get();
  const matching = found?.values.filter((v) =>
    Object.entries(labels).every(([k, text]) => v.labels[k] === text),
  );
  return matching?.reduce((sum, v) => sum + v.value, 0) ?? 0;
}

/** Holds answers back until they are let go. */
function held() {
  const waiting: ServerResponse[] = [];
  answer = (_request, response) => void waiting.push(response);
  return {
    waiting,
    release: () => waiting.splice(0).forEach((response) => void answering({} as IncomingMessage, response)),
  };
}

const code = (expected: string) =>
  expect.objectContaining({ extensions: expect.objectContaining({ code: expected }) });

test('nothing of a caller reaches a subgraph but what is allowed, the request id and the time left', async () => {
  const asker = { forwarded: { traceparent: '00-abc' } };
  await ask({ context: createContext(5_000, { ...NOBODY, ...asker, requestId: 'ward-7.42' }) });
  const headers = received[0]?.headers ?? {};
  const sent = [
    'accept',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'traceparent',
    DEADLINE_HEADER,
  ];
  expect(Object.keys(headers).toSorted()).toEqual([...sent, 'x-request-id'].toSorted());
  expect(headers).toMatchObject({ traceparent: '00-abc', 'x-request-id': 'ward-7.42' });
  expect(headers.authorization).toBe('Bearer anonymous at icu');
  expect(Number(headers[DEADLINE_HEADER])).toBeGreaterThan(4_000);
  expect(Number(headers[DEADLINE_HEADER])).toBeLessThanOrEqual(5_000);
});

test('connections are kept', async () => {
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  for (let i = 0; i < 20; i++) await ask();
  expect(received).toHaveLength(20);
  // A second one is opened while the first is about to be free.
  expect(connections).toBeLessThanOrEqual(2);
});

test('a subgraph that does not answer costs the deadline, and its connection is closed', async () => {
  answer = () => undefined;
  const closed = once(server, 'request').then(([request]) => once(request as IncomingMessage, 'close'));
  await expect(ask({ context: createContext(200, NOBODY) })).rejects.toEqual(code('DEADLINE_EXCEEDED'));
  await closed;
});

test('a read is sent again after a broken connection and after 502 and 503', async () => {
  const faults: Handler[] = [(request) => void request.socket.destroy(), withStatus(502), withStatus(503)];
  answer = (request, response) => (faults.shift() ?? answering)(request, response);
  expect(await ask()).toEqual({ data: { patient: { risk: 0.5 } } });
  expect(received).toHaveLength(4);
  expect(await value('subgraph_retries_total', { outcome: 'sent' })).toBe(3);
});

test('a mutation is sent once, whatever comes of it', async () => {
  answer = (request) => void request.socket.destroy();
  await expect(ask({ operation: MUTATION })).rejects.toEqual(code('ICU_UNAVAILABLE'));
  expect(received).toHaveLength(1);
});

test('what the subgraph worked on is not sent again', async () => {
  for (const status of [400, 404, 500, 504]) {
    received = [];
    answer = withStatus(status);
    await expect(ask()).rejects.toThrow(expect.not.stringContaining('secret'));
    expect([status, received.length]).toEqual([status, 1]);
  }
});

test('no retry is begun that would end after the deadline', async () => {
  answer = withStatus(503);
  // The pauses are 100 and 200 ms then.
  const chance = vi.spyOn(Math, 'random').mockReturnValue(0);
  onTestFinished(() => chance.mockRestore());
  await expect(ask({ context: createContext(250, NOBODY) })).rejects.toEqual(code('ICU_UNAVAILABLE'));
  expect(received).toHaveLength(2);
});

test('retries stay within a tenth of the traffic and their reserve', async () => {
  let count = 0;
  // Every other request fails, so that the breaker stays closed.
  answer = (request, response) => (count++ % 2 === 0 ? withStatus(503) : answering)(request, response);
  let failed = 0;
  for (let i = 0; i < 60; i++) await ask().catch(() => ++failed);
  const retries = received.length - 60;
  expect(failed).toBeGreaterThan(0);
  expect(retries).toBeGreaterThanOrEqual(10);
  expect(retries).toBeLessThanOrEqual(16);
  expect(await value('subgraph_retries_total', { outcome: 'over_budget' })).toBe(failed);
});

test('an answer that is too long is cut off and told as our own fault', async () => {
  answer = (_request, response) => void response.end(JSON.stringify({ data: 'x'.repeat(20_000) }));
  await expect(ask()).rejects.toEqual(code('INTERNAL'));
  expect(received).toHaveLength(1);
});

test('a subgraph that failed five times in a row is left alone and probed by one request later', async () => {
  answer = (request) => void request.socket.destroy();
  for (let i = 0; i < 5; i++)
    await expect(ask({ operation: MUTATION })).rejects.toEqual(code('ICU_UNAVAILABLE'));
  expect(await value('subgraph_breaker_state')).toBe(2);
  await expect(ask()).rejects.toEqual(code('ICU_UNAVAILABLE'));
  expect(received).toHaveLength(5);

  const { waiting, release } = held();
  const tries: Promise<unknown>[] = [];
  await expect
    .poll(async () => {
      tries.push(ask().catch((error: unknown) => error));
      return value('subgraph_breaker_state');
    }, PATIENCE)
    .toBe(1);
  await expect.poll(() => waiting.length, PATIENCE).toBe(1);
  await expect(ask()).rejects.toEqual(code('ICU_UNAVAILABLE'));
  expect(received).toHaveLength(6);
  answer = answering;
  release();
  expect(await Promise.all(tries)).toContainEqual({ data: { patient: { risk: 0.5 } } });
  expect(await value('subgraph_breaker_state')).toBe(0);
  expect(await ask()).toEqual({ data: { patient: { risk: 0.5 } } });
});

test('callers who hang up do not open the breaker', async () => {
  answer = () => undefined;
  for (let i = 0; i < 8; i++) {
    const gone = new AbortController();
    const asked = ask({ context: createContext(5_000, { ...NOBODY, gone: gone.signal }) });
    await expect.poll(() => received.length, PATIENCE).toBe(i + 1);
    gone.abort();
    await expect(asked).rejects.toThrow();
  }
  expect(await value('subgraph_breaker_state')).toBe(0);
});

test('equal reads of one caller in flight are asked once, and each gets a copy of its own', async () => {
  const { waiting, release } = held();
  const context = named('nurse 1');
  const asked = [ask({ context }), ask({ context: named('nurse 1') }), ask({ context })];
  await expect.poll(() => waiting.length, PATIENCE).toBe(1);
  release();
  const answers = await Promise.all(asked);
  expect(answers).toEqual(Array(3).fill({ data: { patient: { risk: 0.5 } } }));
  expect(new Set(answers.map(({ data }) => data)).size).toBe(3);
  expect(received).toHaveLength(1);
  expect(await value('subgraph_coalesced_reads_total')).toBe(2);
});

test('what differs in anything is asked for itself', async () => {
  const { waiting, release } = held();
  const asked = [
    ask({ context: named('nurse 1') }),
    ask({ context: named('nurse 2') }),
    ask({ context: createContext(5_000, NOBODY) }),
    ask({ context: createContext(5_000, NOBODY) }),
    ask({ context: named('nurse 1'), variables: { id: '2' } }),
    ask({ context: named('nurse 1', 20_000, undefined, { forwarded: { 'accept-language': 'de' } }) }),
    ask({ context: named('nurse 1'), within: 'mutation' }),
    ask({ context: named('nurse 1', 120_000) }),
  ];
  await expect.poll(() => waiting.length, PATIENCE).toBe(asked.length);
  release();
  await Promise.all(asked);
  expect(await value('subgraph_coalesced_reads_total')).toBe(0);
});

test('a read after a mutation does not join one from before it', async () => {
  const { waiting, release } = held();
  const before = ask({ context: named('nurse 1') });
  await expect.poll(() => waiting.length, PATIENCE).toBe(1);
  answer = answering;
  await ask({ operation: MUTATION, context: named('nurse 1'), within: 'mutation' });
  await ask({ context: named('nurse 1') });
  expect(received).toHaveLength(3);
  release();
  await before;
});

test('a waiter who leaves takes nobody along, and the last one ends the request', async () => {
  const { waiting, release } = held();
  const leaving = new AbortController();
  const last = new AbortController();
  const first = ask({ context: named('nurse 1', 20_000, leaving.signal) });
  const second = ask({ context: named('nurse 1') });
  await expect.poll(() => waiting.length, PATIENCE).toBe(1);
  leaving.abort();
  await expect(first).rejects.toThrow();
  release();
  expect(await second).toEqual({ data: { patient: { risk: 0.5 } } });

  held();
  const alone = ask({ context: named('nurse 1', 20_000, last.signal) });
  await expect.poll(() => received.length, PATIENCE).toBe(2);
  await turn();
  const closed = received[1] && once(received[1].socket, 'close');
  last.abort();
  await expect(alone).rejects.toThrow();
  await closed;
});

test('of waiters on one read each has its own deadline', async () => {
  const { waiting, release } = held();
  const patient = ask({ context: named('nurse 1') });
  await expect.poll(() => waiting.length, PATIENCE).toBe(1);
  await expect(ask({ context: named('nurse 1', 100) })).rejects.toEqual(code('DEADLINE_EXCEEDED'));
  release();
  expect(await patient).toEqual({ data: { patient: { risk: 0.5 } } });
  expect(received).toHaveLength(1);
});
