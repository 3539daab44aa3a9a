import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Answer, type System, startSystem } from './system.ts';

const PATIENT = 'query Patient($id: ID!) {\n  patient(id: $id) {\n    id\n    __typename\n  }\n}';
const STATUS = 'subscription Status($id: ID!) {\n  jobStatus(id: $id) {\n    id\n  }\n}';
const UPLOAD =
  'mutation Send($f: Upload!) { radiographClassify(input: { file: $f }) { userErrors { code } } }';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const naming = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
const file = join(folder, 'manifest.json');
let strict: System;
let lenient: System;
beforeAll(async () => {
  const operations = [
    { id: hash(PATIENT), name: 'Patient', type: 'query', body: PATIENT },
    { id: 'status-1', name: 'Status', type: 'subscription', body: STATUS },
    { id: 'upload-1', name: 'Send', type: 'mutation', body: UPLOAD },
  ];
  writeFileSync(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }));
  [strict, lenient] = await Promise.all([
    startSystem({ gateway: { PERSISTED_OPERATIONS: file, SAFELIST: '1' } }),
    startSystem({ gateway: { PERSISTED_OPERATIONS: folder } }),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([strict[Symbol.asyncDispose](), lenient[Symbol.asyncDispose]()]);
  rmSync(folder, { recursive: true, force: true });
});

const JSON_TYPE = { 'content-type': 'application/json' };
async function post({ url }: System, body: object): Promise<{ status: number; answer: Answer }> {
  const told = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  return { status: told.status, answer: (await told.json()) as Answer };
}
const FOUND = { data: { patient: { id: '1', __typename: 'Patient' } } };
const REFUSED = { errors: [{ extensions: { code: 'FORBIDDEN' } }] };
const variables = { id: '1' };

test('a safelisted operation runs by its id, its hash and its exact text', async () => {
  for (const body of [
    { extensions: naming(hash(PATIENT)), variables },
    { query: PATIENT, variables },
    { query: PATIENT, extensions: naming(hash(PATIENT)), variables },
  ])
    expect(await post(strict, body)).toEqual({ status: 200, answer: FOUND });
  const search = new URLSearchParams({
    variables: JSON.stringify(variables),
    extensions: JSON.stringify(naming(hash(PATIENT))),
  });
  const byGet = await fetch(`${strict.url}/graphql?${search}`, {
    headers: { 'apollo-require-preflight': '1' },
  });
  expect(await byGet.json()).toEqual(FOUND);
});

test('anything else is refused, a text that is registered on the way too', async () => {
  const other = '{ models { name } }';
  for (const body of [
    { query: other },
    { query: `${PATIENT} `, variables },
    { query: other, extensions: naming(hash(other)) },
    { query: other, extensions: naming(hash(PATIENT)) },
    { extensions: naming(hash(other)) },
    { query: '{ __schema { types { name } } }' },
  ]) {
    const { status, answer } = await post(strict, body);
    expect([status, answer]).toMatchObject([403, REFUSED]);
  }
});

test('a socket keeps to the safelist too', async () => {
  const client = createClient({
    url: `${strict.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const one = async (payload: Parameters<typeof client.iterate>[0]) =>
    (await client.iterate(payload).next()).value;
  expect(await one({ query: '', extensions: naming(hash(PATIENT)), variables })).toEqual(FOUND);
  expect(await one({ query: STATUS, variables })).toMatchObject({
    errors: [{ extensions: { code: 'NOT_FOUND' } }],
  });
  await expect(one({ query: '{ __typename }' })).rejects.toMatchObject(REFUSED.errors);
  await client.dispose();
});

test('server-sent events keep to the safelist too', async () => {
  const client = createSseClient({ url: `${strict.url}/graphql`, retryAttempts: 0 });
  const events = client.iterate({ query: STATUS, variables });
  expect((await events.next()).value).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  const told = await fetch(`${strict.url}/graphql`, {
    method: 'POST',
    headers: { ...JSON_TYPE, accept: 'text/event-stream' },
    body: JSON.stringify({ query: STATUS.replace('id\n', 'id state\n'), variables }),
  });
  expect([told.status, await told.json()]).toMatchObject([403, REFUSED]);
  client.dispose();
});

test('an upload is held to the safelist', async () => {
  const send = async (query: string) => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query, variables: { f: null } }));
    form.set('map', '{"0":["variables.f"]}');
    form.set('0', new Blob(['not a picture']));
    const headers = { 'apollo-require-preflight': '1' };
    return (await fetch(`${strict.url}/graphql`, { method: 'POST', headers, body: form })).json();
  };
  expect(await send(UPLOAD)).toMatchObject({
    data: { radiographClassify: { userErrors: [{ code: 'UNSUPPORTED_IMAGE' }] } },
  });
  expect(await send(`${UPLOAD} `)).toMatchObject(REFUSED);
});

test('of an upload that the safelist refuses no file is taken', async () => {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: `${UPLOAD} `, variables: { f: null } }));
  form.set('map', '{"0":["variables.f"]}');
  form.set(
    '0',
    new Blob([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), 'x'.repeat(100_000)]),
  );
  const headers = { 'apollo-require-preflight': '1' };
  const answer = await fetch(`${strict.url}/graphql`, { method: 'POST', headers, body: form });
  expect([answer.status, await answer.json()]).toMatchObject([403, REFUSED]);
  const metrics = await (await fetch(`${strict.url}/metrics`)).text();
  expect(metrics).not.toContain('outcome="kept"');
});

test('without a safelist the manifest is an offer, and clients may register operations by their hash', async () => {
  expect((await post(lenient, { extensions: naming(hash(PATIENT)), variables })).answer).toEqual(FOUND);
  const other = '{ __typename }';
  const { answer } = await post(lenient, { extensions: naming(hash(other)) });
  expect(answer.errors?.[0]).toMatchObject({
    message: 'PersistedQueryNotFound',
    extensions: { code: 'BAD_USER_INPUT' },
  });
  const typename = { data: { __typename: 'Query' } };
  expect((await post(lenient, { query: other, extensions: naming(hash(other)) })).answer).toEqual(typename);
  expect((await post(lenient, { extensions: naming(hash(other)) })).answer).toEqual(typename);
});
