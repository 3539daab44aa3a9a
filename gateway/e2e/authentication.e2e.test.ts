import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { type System, startSystem } from './system.ts';

let provider: IdentityProvider;
let system: System;
const claims = { iss: 'https://id.example', aud: 'radiograph', sub: 'nurse' };

beforeAll(async () => {
  provider = await startIdentityProvider();
  system = await startSystem({ gateway: provider.settings });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const token = (scope: string, more: object = {}, secondsLeft = 60) =>
  provider.token({ scope, exp: Math.floor(Date.now() / 1000) + secondsLeft, ...more });

async function ask(query: string, authorization?: string) {
  const answer = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await answer.json()) as {
    data?: Record<string, unknown>;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: answer.status, headers: answer.headers, data, errors, code: errors?.[0]?.extensions.code };
}

const PATIENT = '{ patient(id: "3") { id icuRisk { probability } radiographs { nodes { id } } } }';

test('with the scopes of its fields an operation is answered, over all subgraphs', async () => {
  const bearer = `Bearer ${await token('patient:read radiograph:read')}`;
  const { status, data, errors } = await ask(PATIENT, bearer);
  expect({ status, errors }).toEqual({ status: 200, errors: undefined });
  expect(data).toMatchObject({ patient: { id: '3', icuRisk: { probability: expect.any(Number) } } });
});

test('a field without its scope is FORBIDDEN by name', async () => {
  const { code, errors, data } = await ask(PATIENT, `Bearer ${await token('patient:read')}`);
  expect(code).toBe('FORBIDDEN');
  expect(errors?.[0]?.message).toBe('Patient.radiographs needs the scope radiograph:read');
  expect(data ?? null).toBeNull();
});

test('a model is trained, and its training followed, with a scope of its own', {
  timeout: 40_000,
}, async () => {
  const train =
    'mutation { icuModelTrain(input: { name: "of_monday" }) { training { id } userErrors { code } } }';
  const training = '{ icuModelTraining(id: "of_monday") { state error model { version } } }';
  const reader = `Bearer ${await token('patient:read patient:write radiograph:read')}`;
  for (const [query, field] of [
    [train, 'Mutation.icuModelTrain'],
    [training, 'Query.icuModelTraining'],
  ] as const)
    expect(await ask(query, reader)).toMatchObject({
      code: 'FORBIDDEN',
      errors: [{ message: `${field} needs the scope model:train` }],
    });
  const trainer = `Bearer ${await token('model:train')}`;
  expect((await ask(training, trainer)).data).toEqual({ icuModelTraining: null });
  expect((await ask(train, trainer)).data).toEqual({
    icuModelTrain: { training: { id: 'of_monday' }, userErrors: [] },
  });
  const state = async () => (await ask(training, trainer)).data?.icuModelTraining;
  const done = { state: 'SUCCEEDED', error: null, model: { version: '2' } };
  await expect.poll(state, { timeout: 30_000 }).toEqual(done);
  const risk = '{ patient(id: "3") { icuRisk { model { version } } } }';
  expect((await ask(risk, reader)).data).toEqual({ patient: { icuRisk: { model: { version: '2' } } } });
  expect((await ask(risk, trainer)).code).toBe('FORBIDDEN');
});

test('who may read radiographs may not therefore read what their DICOM files say', async () => {
  const query = '{ radiographs(first: 1) { nodes { dicom { studyInstanceUID } } } }';
  const { code, errors } = await ask(query, `Bearer ${await token('radiograph:read')}`);
  expect(code).toBe('FORBIDDEN');
  expect(errors?.[0]?.message).toBe('Radiograph.dicom needs the scope dicom:read');
  const { data } = await ask(query, `Bearer ${await token('radiograph:read dicom:read')}`);
  expect(data).toEqual({ radiographs: { nodes: [] } });
});

test.each<[string, () => Promise<string | undefined>]>([
  ['no token', async () => undefined],
  ['no bearer token', async () => 'Basic bnVyc2U6cHc='],
  ['junk', async () => 'Bearer junk'],
  ['one that has run out', async () => `Bearer ${await token('patient:read', {}, -60)}`],
  ['one for another audience', async () => `Bearer ${await token('patient:read', { aud: 'other' })}`],
  [
    'one of another issuer',
    async () => `Bearer ${await token('patient:read', { iss: 'https://evil.example' })}`,
  ],
  ['one without a subject', async () => `Bearer ${await token('patient:read', { sub: undefined })}`],
  [
    'one that is signed by nobody',
    async () =>
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
  ],
  [
    'one signed with the public key as a secret',
    async () => {
      const header = { alg: 'HS256', kid: 'first' };
      const secret = new TextEncoder().encode('anything');
      return `Bearer ${await new SignJWT({ ...claims, exp: 9_999_999_999 }).setProtectedHeader(header).sign(secret)}`;
    },
  ],
])('%s is UNAUTHENTICATED with 401', async (_name, authorization) => {
  const { status, code, headers } = await ask(PATIENT, await authorization());
  expect({ status, code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  expect(headers.get('www-authenticate')).toBe('Bearer');
});

test('an upload without a token is refused before its body is read', async () => {
  const headers = { 'content-type': 'multipart/form-data; boundary=x', 'apollo-require-preflight': '1' };
  const sent = request(`${system.url}/graphql`, { method: 'POST', headers });
  const answered = once(sent, 'response');
  // Nothing of the body ever comes.
  sent.flushHeaders();
  const [answer] = (await answered) as [IncomingMessage];
  expect(answer.statusCode).toBe(401);
  sent.destroy();
});

test('over a WebSocket the token comes in connectionParams; without a good one the socket is closed with 4403', async () => {
  const url = `${system.url.replace('http', 'ws')}/graphql`;
  const clientWith = (authorization: string) =>
    createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization } });
  const closed = clientWith('Bearer junk');
  await expect(closed.iterate({ query: '{ __typename }' }).next()).rejects.toMatchObject({ code: 4403 });
  const open = clientWith(`Bearer ${await token('patient:read')}`);
  const answers = [];
  for await (const one of open.iterate({ query: '{ patient(id: "3") { id } }' })) answers.push(one);
  expect(answers).toEqual([{ data: { patient: { id: '3' } } }]);
  const refused = open.iterate({ query: 'subscription { jobStatus(id: "1") { state } }' }).next();
  await expect(refused).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  await open.dispose();
});

test('a socket whose token has run out runs nothing more', async () => {
  const authorization = `Bearer ${await token('patient:read', {}, 2)}`;
  const url = `${system.url.replace('http', 'ws')}/graphql`;
  const client = createClient({
    ...{ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false },
    connectionParams: { authorization },
  });
  const ask = () => client.iterate({ query: '{ patient(id: "3") { id } }' }).next();
  expect((await ask()).value).toEqual({ data: { patient: { id: '3' } } });
  await expect
    .poll(() => ask().catch((errors: unknown) => errors), { timeout: 10_000 })
    .toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  await client.dispose();
});

test('callers behind one address have a limit of their own each, and bad tokens share one', async () => {
  await using limited = await startSystem({
    gateway: { ...provider.settings, RATE_LIMIT: '3' },
  });
  const ward = async (sub: string) => {
    const authorization = `Bearer ${sub === 'nobody' ? 'junk' : await token('patient:read', { sub })}`;
    const body = JSON.stringify({ query: '{ patient(id: "3") { id } }' });
    const headers = { 'content-type': 'application/json', authorization };
    return (await fetch(`${limited.url}/graphql`, { method: 'POST', headers, body })).status;
  };
  const seen = { ann: [] as number[], bob: [] as number[], nobody: [] as number[] };
  for (let i = 0; i < 4; i++)
    for (const sub of ['ann', 'bob', 'nobody'] as const) seen[sub].push(await ward(sub));
  expect(seen).toEqual({
    ann: [200, 200, 200, 429],
    bob: [200, 200, 200, 429],
    nobody: [401, 401, 401, 429],
  });
});

test('over server-sent events a scope that is missing is told as an event', async () => {
  const client = createSseClient({
    url: `${system.url}/graphql`,
    headers: { authorization: `Bearer ${await token('patient:read')}` },
  });
  const events = [];
  for await (const event of client.iterate({ query: 'subscription { jobStatus(id: "1") { state } }' }))
    events.push(event);
  client.dispose();
  expect(events).toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN' } }] }]);
});

test('a subgraph answers nobody but the gateway', async () => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query: '{ radiographs { nodes { id } } }' });
  for (const authorization of [undefined, `Bearer ${await token('radiograph:read')}`]) {
    const answer = await fetch(`${system.services.imaging}/graphql`, {
      method: 'POST',
      headers: { ...headers, ...(authorization && { authorization }) },
      body,
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  }
  const socket = createClient({
    url: `${system.services.imaging.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  await expect(socket.iterate({ query: '{ __typename }' }).next()).rejects.toMatchObject({ code: 4403 });
});

test('while the keys cannot be read, the caller is told to come back', async () => {
  await using other = await startSystem({
    gateway: { ...provider.settings, AUTH_JWKS_URL: 'http://127.0.0.1:1/keys' },
  });
  const answer = await fetch(`${other.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token('patient:read')}` },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
});

test('probes and the pages stay open', async () => {
  for (const path of ['/', '/healthz', '/explorer'])
    expect((await fetch(system.url + path)).status, path).toBeLessThan(300);
  const page = await fetch(`${system.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(page.status).toBe(200);
});
