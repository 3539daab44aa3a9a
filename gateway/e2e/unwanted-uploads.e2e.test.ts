import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { picture, type System, startSystem } from './system.ts';

const PREFLIGHT = { 'apollo-require-preflight': '1' };
const UPLOAD = `mutation ($f: Upload!) { radiographClassify(input: { file: $f }) { userErrors { code } } }`;
const BOUNDARY = 'XXBOUND';
const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

let seed = 100;

type Sent = {
  method?: 'POST' | 'PUT' | 'DELETE';
  path?: string;
  headers?: Record<string, string>;
  query?: string;
  /** Names of the parts with a picture each; the map names `0` alone. */
  files?: readonly string[];
};

/** Sends a multipart request with new pictures.
 *  @returns its status, and how many blobs there are more when it is over */
async function send({ url, dataDir }: System, sent: Sent) {
  const { method = 'POST', path = '/graphql', headers = PREFLIGHT, query = UPLOAD, files = ['0'] } = sent;
  const head = (disposition: string) =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n`;
  const parts: (string | Buffer)[] = [
    `${head('name="operations"')}${JSON.stringify({ query, variables: { f: null } })}\r\n`,
    `${head('name="map"')}{"0":["variables.f"]}\r\n`,
  ];
  for (const name of files)
    parts.push(head(`name="${name}"; filename="a.png"`), await picture('png', ++seed), '\r\n');
  parts.push(`--${BOUNDARY}--\r\n`);
  const before = stored(dataDir);
  const answer = await request(`${url}${path}`, {
    method,
    headers: { 'content-type': MULTIPART, ...headers },
    body: Buffer.concat(parts.map((part) => Buffer.from(part))),
  });
  await answer.body.dump();
  // What is not kept is discarded when the answer is over.
  await expect.poll(() => readdirSync(join(dataDir, 'blobs/incoming')), { timeout: 15_000 }).toEqual([]);
  return [answer.statusCode, stored(dataDir) - before];
}

function stored(dataDir: string): number {
  return readdirSync(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;
}

/** A provider of identities whose keys come as late as the test wants. */
async function provider() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' };
  const waiting: ServerResponse[] = [];
  let isOpen = true;
  const answer = (response: ServerResponse) => void response.end(JSON.stringify({ keys: [key] }));
  const server = createServer((_request, response) => (isOpen ? answer(response) : waiting.push(response)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const settings = { AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' };
  return {
    settings: { ...settings, AUTH_JWKS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    asked: () => waiting.length,
    close() {
      isOpen = false;
    },
    open() {
      isOpen = true;
      waiting.splice(0).forEach(answer);
    },
    async bearer(scope: string) {
      const token = new SignJWT({ scope }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setSubject('s');
      const signed = token.setIssuer('i').setAudience('a').setExpirationTime('1h').sign(privateKey);
      return { authorization: `Bearer ${await signed}` };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('files that no operation takes leave nothing behind', async () => {
  await using system = await startSystem();
  expect(await send(system, {})).toEqual([200, 2]);
  const cases: [string, Sent, number][] = [
    ['an unknown route', { path: '/nothing' }, 404],
    ['a page', { path: '/' }, 404],
    ['another method', { method: 'PUT' }, 415],
    ['a third method', { method: 'DELETE' }, 415],
    ['no preflight header', { headers: {} }, 400],
    ['a type in capitals', { headers: { 'content-type': MULTIPART.replace('multipart', 'MULTIPART') } }, 400],
    ['a syntax error', { query: 'mutation {' }, 200],
    ['no such field', { query: 'mutation ($f: Upload!) { keep(file: $f) }' }, 200],
    ['an operation without use for it', { query: 'query { __typename }' }, 200],
    ['a part that the map does not name', { files: ['0', 'constructor'] }, 400],
  ];
  for (const [name, sent, status] of cases) {
    const [told, more] = await send(system, sent);
    expect([name, told, more]).toEqual([name, status, 0]);
  }
});

test('without a token or its scope no file is stored, on any route', async () => {
  await using identities = await provider();
  await using system = await startSystem({ gateway: identities.settings });
  for (const path of ['/graphql', '/nothing', '/healthz', '/files/x'])
    expect([path, (await send(system, { path }))[1]]).toEqual([path, 0]);
  const reader = { ...PREFLIGHT, ...(await identities.bearer('radiograph:read')) };
  expect((await send(system, { headers: reader }))[1]).toBe(0);
  const writer = { ...PREFLIGHT, ...(await identities.bearer('radiograph:write')) };
  expect(await send(system, { headers: writer })).toEqual([200, 2]);
});

test('a client that left while its token was checked takes up no place', async () => {
  await using identities = await provider();
  await using system = await startSystem({
    gateway: { ...identities.settings, MAX_UPLOADS_AT_ONCE: '1' },
  });
  identities.close();
  const writer = { ...PREFLIGHT, ...(await identities.bearer('radiograph:write')) };
  const { hostname, port } = new URL(system.url);
  const leaving = connect(Number(port), hostname);
  const headers = Object.entries({
    host: 'a',
    'content-type': MULTIPART,
    'content-length': '9999',
    ...writer,
  });
  leaving.write(
    `POST /graphql HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  await expect.poll(() => identities.asked(), { timeout: 15_000 }).toBeGreaterThan(0);
  leaving.destroy();
  await once(leaving, 'close');
  identities.open();
  for (let i = 0; i < 3; i++) expect((await send(system, { headers: writer }))[0]).toBe(200);
});
