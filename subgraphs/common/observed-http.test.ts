import { setTimeout as pause } from 'node:timers/promises';
import fastify from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { observeHttp } from './observed-http.ts';
import { requestScope } from './request-scope.ts';

/** A server on a free port, and what it counts. */
async function aServer() {
  const metrics = new Registry();
  const http = fastify({ genReqId: ({ headers }) => String(headers['x-request-id'] ?? 'made') });
  observeHttp(http, { metrics, logger: pino({ level: 'silent' }) });
  let begun: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (begun = resolve));
  http.post('/who/:id', async () => {
    await pause(1);
    return requestScope()?.requestId;
  });
  http.get('/faulty', () => Promise.reject(new Error('no')));
  http.get('/slow', async () => {
    begun();
    await new Promise(() => undefined);
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  const counted = async () => {
    const { values } = await (metrics.getSingleMetric('http_request_seconds') as never as Counted).get();
    return values
      .filter(({ metricName }) => metricName === 'http_request_seconds_count')
      .map(({ labels, value }) => `${labels.method} ${labels.route} ${labels.code} ${value}`)
      .sort();
  };
  return { url, slow, counted, [Symbol.asyncDispose]: () => http.close() };
}

type Counted = {
  get(): Promise<{ values: { metricName: string; labels: Record<string, string>; value: number }[] }>;
};

test('requests are counted by route and status, in scopes of their own, whatever their address says', async () => {
  await using server = await aServer();
  const ask = async (id: string) => {
    const headers = { 'x-request-id': id, 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/who/${id}`, { method: 'POST', headers, body: '{}' });
    return answer.text();
  };
  expect(await Promise.all(['a', 'b', 'c'].map(ask))).toEqual(['a', 'b', 'c']);
  for (const path of ['/faulty', '/secret/7', '/secret/8']) await (await fetch(server.url + path)).text();
  await (await fetch(server.url, { method: 'PROPFIND' })).text();
  await expect
    .poll(server.counted)
    .toEqual([...['GET /faulty 500 1', 'GET unknown 404 2', 'POST /who/:id 200 3', 'other unknown 404 1']]);
});

test('a caller who leaves before the answer is counted as that', async () => {
  await using server = await aServer();
  const leaving = new AbortController();
  const answer = fetch(`${server.url}/slow`, { signal: leaving.signal });
  await server.slow;
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await expect.poll(server.counted).toEqual(['GET /slow aborted 1']);
});
