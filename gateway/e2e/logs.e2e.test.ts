import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { serviceLogger } from '#common/logger.ts';
import { picture, type System, startSystem } from './system.ts';

vi.setConfig({ testTimeout: 150_000 });

/** A busy machine is slow. */
const PATIENCE = { timeout: 60_000 };
/** Stands for whatever a caller may send of a patient. */
const MARKER = 'Mrkr7Smith';

type Line = { readonly service: string; readonly requestId?: string; readonly msg: string };

let system: System;
let raw: string[];

beforeAll(async () => {
  raw = [];
  const destination = { write: (line: string) => void raw.push(line) };
  system = await startSystem({ loggerOf: (service) => serviceLogger(service, 'trace', destination) });
}, 120_000);
afterAll(() => system?.[Symbol.asyncDispose]());

const lines = () => raw.map((line) => JSON.parse(line) as Line);

async function post(body: object, requestId: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': requestId, ...headers },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as {
    data: Record<string, never> | null;
    errors?: { message: string; extensions: { code: string; reference?: string } }[];
  };
}

async function send(requestId: string, file: Buffer, name = 'a.png') {
  const form = new FormData();
  const query = `mutation ${MARKER}($f: Upload!) { radiographClassify(input: { file: $f, patientId: "${MARKER}" }) {
    radiograph { id heatmap(opacity: 0.3) { image { url } } patient { icuRisk { probability } } } userErrors { code } } }`;
  form.set('operations', JSON.stringify({ query, variables: { f: null } }));
  form.set('map', JSON.stringify({ 0: ['variables.f'] }));
  form.set('0', new Blob([new Uint8Array(file)]), name);
  const answer = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { 'apollo-require-preflight': '1', 'x-request-id': requestId },
    body: form,
  });
  expect(answer.headers.get('x-request-id')).toBe(requestId);
  return (await answer.json()) as { data: { radiographClassify: { radiograph: { id: string } | null } } };
}

test('every service names the request in its lines, the model server too', async () => {
  const sent = await send('ward-7.one', await picture('png', 31));
  expect(sent.data.radiographClassify.radiograph).not.toBeNull();
  await post({ query: '{ patient(id: "7") { icuRisk { probability } } }' }, 'ward-7.two');
  const services = (id: string) => () =>
    [...new Set(lines().flatMap(({ requestId, service }) => (requestId === id ? service : [])))].sort();
  await expect
    .poll(services('ward-7.one'), PATIENCE)
    .toEqual(['gateway', 'heatmap', 'icu', 'imaging', 'serving']);
  await expect.poll(services('ward-7.two'), PATIENCE).toEqual(['gateway', 'icu']);
});

test('a job that is done later is told under the id of the request that brought it', async () => {
  const { data } = await send('later-1', await picture('jpeg', 32));
  expect(data.radiographClassify.radiograph).not.toBeNull();
  const form = new FormData();
  const query =
    'mutation ($f: [Upload!]!) { radiographUpload(input: { files: $f }) { jobs { id } userErrors { code } } }';
  form.set('operations', JSON.stringify({ query, variables: { f: [null] } }));
  form.set('map', JSON.stringify({ 0: ['variables.f.0'] }));
  form.set('0', new Blob([new Uint8Array(await picture('png', 33))]), 'x');
  const headers = { 'apollo-require-preflight': '1', 'x-request-id': 'later-2' };
  await fetch(`${system.url}/graphql`, { method: 'POST', headers, body: form });
  const done = () => lines().find(({ msg, requestId }) => msg === 'job succeeded' && requestId === 'later-2');
  await expect.poll(done, PATIENCE).toBeDefined();
});

test('the reference of an internal fault is the id of its request, in the answer and in the log', async () => {
  const sent = await send('whole-1', await picture('png', 34));
  const id = sent.data.radiographClassify.radiograph?.id;
  for (const file of globSync(join(system.dataDir, 'blobs/*/*'))) writeFileSync(file, 'damaged');
  const query =
    'query ($id: ID!) { radiograph(id: $id) { heatmap(opacity: 0.9) { peak { x } image { url } } } }';
  const answer = await post({ query, variables: { id } }, 'broken-1');
  expect(answer.errors).toEqual([
    expect.objectContaining({ extensions: { code: 'INTERNAL', reference: 'broken-1' } }),
  ]);
  const told = lines().filter(({ requestId, msg }) => requestId === 'broken-1' && msg === 'internal error');
  expect(told.map(({ service }) => service)).toContain('heatmap');
  // Without an id of its own a request is given one.
  const { errors = [] } = await post({ query, variables: { id } }, 'not harmless!');
  expect(errors[0]?.extensions.reference).toMatch(/^[0-9a-f-]{36}$/);
  expect(lines().some(({ requestId }) => requestId === errors[0]?.extensions.reference)).toBe(true);
});

test('a socket has its operations told under ids of their own', async () => {
  const socket = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const before = raw.length;
  await socket.iterate({ query: '{ patient(id: "8") { icuRisk { probability } } }' }).next();
  await socket.dispose();
  const heard = () =>
    lines()
      .slice(before)
      .filter(({ service, msg }) => service === 'icu' && msg === 'answered');
  await expect.poll(() => heard().length, PATIENCE).toBe(1);
  expect(heard()[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test('at the finest level no line of any service holds anything that a caller has sent but the id', async () => {
  const variables = { id: MARKER, after: MARKER, input: { patientId: MARKER } };
  const asked = [
    `query ${MARKER} { patient(id: "${MARKER}") { id icuRisk { probability } } }`,
    `query ($id: ID!) { patient(id: $id) { id } radiograph(id: $id) { id } job(id: $id) { state } }`,
    `{ ${MARKER} }`,
    `{ patient(id: "${MARKER}`,
    `query { patients(first: 3, after: "${MARKER}") { nodes { id } } radiographs(patientId: "${MARKER}") { nodes { id } } }`,
    `mutation { observationRecord(input: { patientId: "${MARKER}", code: "${MARKER}", value: 1 }) { userErrors { message } } }`,
    `mutation { icuModelTrain(input: { name: "${MARKER}" }) { training { id } } }`,
    `mutation { icuRiskAssess(input: { observations: [{ code: "${MARKER}", value: 7 }] }) { risk { probability } } }`,
  ];
  for (const [place, query] of asked.entries())
    await post({ query, variables, operationName: undefined }, `marked-${place}`, {
      'x-patient': MARKER,
      cookie: `id=${MARKER}`,
      referer: `http://127.0.0.1/${MARKER}`,
      'user-agent': MARKER,
      traceparent: MARKER,
    });
  await send('marked-file', Buffer.from(`no picture of ${MARKER}`), `${MARKER}.png`);
  await send('marked-good', await picture('png', 35), `${MARKER}.png`);
  for (const path of [
    `/files/${MARKER}`,
    `/fhir/Patient/${MARKER}/$icu-risk`,
    `/${MARKER}`,
    `/docs?${MARKER}`,
  ])
    await (await fetch(`${system.url}${path}`)).text();
  await fetch(`${system.url}/graphql`, {
    method: 'POST',
    body: `{"${MARKER}`,
    headers: { 'content-type': 'application/json' },
  });
  await fetch(`${system.url}/covid19/api/v1/predict/`, {
    method: 'POST',
    body: new URLSearchParams({ b64: MARKER }),
  });
  await fetch(`${system.url}/cds-services/${MARKER}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ hookInstance: MARKER, context: { patientId: MARKER } }),
  });
  const socket = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const ended = socket.iterate({ query: `subscription ${MARKER} { jobStatus(id: "${MARKER}") { state } }` });
  await ended.next().catch(() => undefined);
  await socket.dispose();
  const last = () =>
    lines().some(({ requestId, service }) => requestId === 'marked-good' && service === 'icu');
  await expect.poll(last, PATIENCE).toBe(true);
  expect(raw.length).toBeGreaterThan(50);
  expect(raw.filter((line) => line.includes(MARKER))).toEqual([]);
});
