import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { gatewayConfig } from '../config.ts';
import { startGateway } from '../server.ts';
import { ask } from './system.ts';

/** A busy machine is slow. */
const PATIENCE = { timeout: 15_000 };

const QUERY = '{ patient(id: "7") { id icuRisk { probability } } }';
const PATIENT = { id: '7', icuRisk: { probability: 0.25 } };

/** A gateway whose subgraphs are one server of the test: what does the gateway send, and when? */
let url: string;
let lines: string[];
let received: IncomingHttpHeaders[];
let held: (() => void)[] | undefined;

beforeEach(async () => {
  lines = [];
  received = [];
  held = undefined;
  const stack = new AsyncDisposableStack();
  const subgraph = createServer((request, response) => {
    request.resume().once('end', () => {
      received.push(request.headers);
      const answer = () =>
        void response.end(JSON.stringify({ data: { patient: { __typename: 'Patient', ...PATIENT } } }));
      if (held) held.push(answer);
      else answer();
    });
  }).listen(0, '127.0.0.1');
  await once(subgraph, 'listening');
  stack.defer(() => {
    subgraph.closeAllConnections();
    subgraph.close();
  });
  const subgraphUrl = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'radiograph-'));
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const config = gatewayConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    IMAGING_URL: subgraphUrl,
    HEATMAP_URL: subgraphUrl,
    ICU_URL: subgraphUrl,
    FORWARD_HEADERS: 'traceparent, Accept-Language',
  });
  const gateway = await startGateway(config, pino({}, { write: (line: string) => void lines.push(line) }));
  stack.use(gateway);
  url = gateway.url;
  return () => stack.disposeAsync();
});

const post = (query: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

function socket() {
  return createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}{.*} (\\d+)$`, 'gm'))].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

test("a client's headers stay at the gateway, but for those on the list", async () => {
  const own = { cookie: 'id=7', 'x-patient': 'Smith', 'user-agent': 'ward' };
  const answer = await post(QUERY, {
    ...own,
    authorization: 'Bearer secret',
    traceparent: '00-abc',
    'accept-language': 'de',
  });
  expect(await answer.json()).toEqual({ data: { patient: PATIENT } });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ traceparent: '00-abc', 'accept-language': 'de' });
  expect(Object.keys(own).filter((name) => name in (received[0] ?? {}))).toEqual([]);
  // The gateway's own token stands there.
  expect(received[0]?.authorization).toMatch(/^Bearer \w+\.\w+\.[\w-]+$/);
  expect(Number(received[0]?.['x-radiograph-deadline-ms'])).toBeGreaterThan(0);
});

test('a request id goes to the subgraph, into the log and back; one that could harm is replaced', async () => {
  const kept = await post(QUERY, { 'x-request-id': 'ward-7.42_a' });
  expect(kept.headers.get('x-request-id')).toBe('ward-7.42_a');
  expect(received[0]).toMatchObject({ 'x-request-id': 'ward-7.42_a' });
  for (const bad of ['a b', '{"x":1}', 'x'.repeat(65)]) {
    const answer = await post(QUERY, { 'x-request-id': bad });
    const id = answer.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(received.at(-1)).toMatchObject({ 'x-request-id': id });
  }
  const stream = await post(QUERY, { accept: 'text/event-stream', 'x-request-id': 'stream-1' });
  expect(stream.headers.get('x-request-id')).toBe('stream-1');
  await stream.text();
  const refused = await post('{ nothing }', { 'x-request-id': 'faulty-1' });
  expect(refused.headers.get('x-request-id')).toBe('faulty-1');
  expect(lines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === 'faulty-1')).toEqual([
    expect.objectContaining({ codes: ['GRAPHQL_VALIDATION_FAILED'] }),
  ]);
  expect(lines.join()).not.toContain('nothing');
});

test('equal reads at once over one socket are asked once, those of two sockets twice', async () => {
  held = [];
  const [one, other] = [socket(), socket()];
  const read = async (client: typeof one) => (await client.iterate({ query: QUERY }).next()).value;
  const answers = [read(one), read(one), read(one), read(other)];
  await expect.poll(() => held?.length, PATIENCE).toBe(2);
  for (const answer of held) answer();
  expect(await Promise.all(answers)).toEqual(Array(4).fill({ data: { patient: PATIENT } }));
  expect(await metric('subgraph_coalesced_reads_total')).toBe(2);
  await Promise.all([one.dispose(), other.dispose()]);
});

test('one who closes its connection does not take the answer from the others', async () => {
  held = [];
  const leaving = new AbortController();
  const gone = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY }),
    signal: leaving.signal,
  });
  const stays = ask(url, QUERY);
  await expect.poll(() => held?.length, PATIENCE).toBe(2);
  leaving.abort();
  await expect(gone).rejects.toThrow();
  for (const answer of held) answer();
  expect(await stays).toEqual({ data: { patient: PATIENT } });
});
