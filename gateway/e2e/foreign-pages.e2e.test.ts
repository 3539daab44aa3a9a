import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { executablePath } from './chromium.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { WHOLE_TEST } from './page-visit.ts';
import { type System, startSystem } from './system.ts';

const WARD = 'https://ward.example';
const EVIL = 'evil.example';

let system: System;
beforeAll(async () => {
  system = await startSystem({ gateway: { ALLOWED_ORIGINS: WARD } });
}, 60_000);
afterAll(() => system[Symbol.asyncDispose]());

type Headers = Record<string, string>;

/** What comes of the opening of a socket: the type of its first answer, or status and body of the refusal. */
async function opened(headers: Headers, { url } = system): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  const refused = once(socket, 'unexpected-response').then(async ([, answer]) => {
    const { statusCode } = answer as IncomingMessage;
    return `${statusCode} ${await text(answer as IncomingMessage)}`;
  });
  const greeted = once(socket, 'open').then(async () => {
    const told = once(socket, 'message');
    socket.send('{"type":"connection_init"}');
    return (JSON.parse(String((await told)[0])) as { type: string }).type;
  });
  const told = await Promise.any([refused, greeted]);
  socket.on('error', () => undefined);
  socket.terminate();
  return told;
}

/** Asks with any header, Host too, which fetch does not let through. */
async function asked(path: string, headers: Headers, { url } = system) {
  const sent = request(url + path, { headers });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

const JSON_QUERY = '/graphql?query={__typename}';
const PREFLIGHT = { 'apollo-require-preflight': '1' };

describe('a WebSocket', () => {
  test('of the page of another site is refused, one of this address or of no browser is not', async () => {
    const { host } = new URL(system.url);
    const foreign = [`http://${EVIL}`, 'http://127.0.0.1:1', `http://${host}.${EVIL}`, 'null', '', 'x'];
    for (const origin of foreign) {
      const told = await opened({ origin });
      expect([origin, told]).toEqual([origin, expect.stringMatching(/^403 .*"FORBIDDEN"/)]);
      expect(told).not.toContain(EVIL);
    }
    for (const origin of [system.url, system.url.replace('http', 'https'), WARD])
      expect([origin, await opened({ origin })]).toEqual([origin, 'connection_ack']);
    expect(await opened({})).toBe('connection_ack');
  });

  test('is for the host that a trusted proxy names, and for no other', async () => {
    await using proxied = await startSystem({
      gateway: { TRUSTED_PROXIES: 'loopback', ALLOW_UNAUTHENTICATED: '1' },
    });
    const headers = { origin: 'https://radiograph.example', 'x-forwarded-host': 'radiograph.example' };
    expect(await opened(headers, proxied)).toBe('connection_ack');
    expect(await opened({ ...headers, 'x-forwarded-host': 'elsewhere.example' }, proxied)).toMatch(/^403 /);
    const told = await opened(
      { ...headers, host: 'radiograph.example:443', 'x-forwarded-host': '' },
      proxied,
    );
    expect(told).toBe('connection_ack');
    expect(await opened(headers)).toMatch(/^403 /);
  });
});

describe('while nobody is authenticated', () => {
  test('no host but this machine is answered for, over HTTP and sockets', async () => {
    const port = new URL(system.url).port;
    for (const path of [JSON_QUERY, '/', '/fhir/Patient/7/$icu-risk', '/cds-services', '/metrics']) {
      const { status, body } = await asked(path, { host: `${EVIL}:${port}`, ...PREFLIGHT });
      expect([path, status, body]).toEqual([path, 403, expect.stringContaining('FORBIDDEN')]);
      expect(body).not.toContain(EVIL);
    }
    for (const host of [EVIL, `localhost.${EVIL}`, `127.0.0.1.${EVIL}`, '10.0.0.1', '[::2]', '0.0.0.0']) {
      expect([host, (await asked(JSON_QUERY, { host, ...PREFLIGHT })).status]).toEqual([host, 403]);
      expect([host, await opened({ host, origin: `http://${host}` })]).toEqual([
        host,
        expect.stringContaining('FORBIDDEN'),
      ]);
    }
    for (const host of [
      'localhost',
      `LOCALHOST:${port}`,
      '127.3.2.1:80',
      '[::1]',
      '[::1]:4000',
      'ward.example',
    ]) {
      expect([host, (await asked(JSON_QUERY, { host, ...PREFLIGHT })).status]).toEqual([host, 200]);
      expect([host, await opened({ host, origin: `http://${host}` })]).toEqual([host, 'connection_ack']);
    }
  });

  test('probes are answered under any host', async () => {
    for (const path of ['/healthz', '/readyz']) expect((await asked(path, { host: EVIL })).status).toBe(200);
  });

  test('a page under a rebound name gains nothing by the headers of a proxy', async () => {
    await using proxied = await startSystem({ gateway: { TRUSTED_PROXIES: 'loopback' } });
    for (const headers of [
      { host: EVIL, 'x-forwarded-host': 'localhost' },
      { host: 'localhost', 'x-forwarded-host': EVIL },
    ])
      expect((await asked(JSON_QUERY, { ...headers, ...PREFLIGHT }, proxied)).status).toBe(403);
  });

  test('any host is answered for where the settings say so', async () => {
    await using open = await startSystem({ gateway: { ALLOW_UNAUTHENTICATED: '1' } });
    expect((await asked(JSON_QUERY, { host: EVIL, ...PREFLIGHT }, open)).status).toBe(200);
    expect(await opened({ host: EVIL }, open)).toBe('connection_ack');
  });
});

test('where callers are authenticated the host is free, and a token is wanted', async () => {
  await using provider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: provider.settings });
  const authorization = `Bearer ${await provider.token({ scope: 'radiograph:read' })}`;
  const headers = { host: EVIL, ...PREFLIGHT };
  expect((await asked(JSON_QUERY, headers, guarded)).status).toBe(401);
  expect((await asked(JSON_QUERY, { ...headers, authorization }, guarded)).status).toBe(200);
  expect(await opened({ authorization, origin: `http://${EVIL}` }, guarded)).toMatch(/^403 /);
});

describe.skipIf(!executablePath)('a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    const args = ['--no-sandbox', `--host-resolver-rules=MAP ${EVIL} 127.0.0.1`];
    browser = await chromium.launch({ executablePath: executablePath ?? '', args });
  });
  afterAll(() => browser.close());

  /** What a page hears of a socket that it opens. */
  async function heard(pageUrl: string, socketUrl: string): Promise<string> {
    const page = await browser.newPage();
    await page.goto(pageUrl);
    const told = await page.evaluate<string>(`new Promise((resolve) => {
      const socket = new WebSocket(${JSON.stringify(socketUrl)}, 'graphql-transport-ws');
      socket.onopen = () => socket.send('{"type":"connection_init"}');
      socket.onmessage = ({ data }) => resolve(JSON.parse(data).type);
      socket.onclose = ({ code }) => resolve('closed ' + code);
    })`);
    await page.close();
    return told;
  }

  test('opens no socket for another site, and one for our own page', WHOLE_TEST, async () => {
    await using stack = new AsyncDisposableStack();
    const site = createServer((_request, response) => void response.end('a page')).listen(0, '127.0.0.1');
    stack.defer(() => void site.close());
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    const socketUrl = `${system.url.replace('http', 'ws')}/graphql`;
    expect(await heard(`http://127.0.0.1:${port}/`, socketUrl)).toBe('closed 1006');
    expect(await heard(`${system.url}/`, socketUrl)).toBe('connection_ack');
  });

  test('gets nothing for a name that leads to this machine', WHOLE_TEST, async () => {
    const rebound = `http://${EVIL}:${new URL(system.url).port}`;
    const page = await browser.newPage();
    expect((await page.goto(`${rebound}/`))?.status()).toBe(403);
    expect((await page.goto(`${rebound}/healthz`))?.status()).toBe(200);
    const answer = await page.evaluate<string>(`fetch('/graphql', {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-host': 'localhost' },
      body: '{"query":"{ patients(first: 1) { nodes { id } } }"}',
    }).then((answer) => answer.text())`);
    expect(JSON.parse(answer)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(await heard(`${rebound}/healthz`, `${rebound.replace('http', 'ws')}/graphql`)).toBe('closed 1006');
    await page.close();
  });
});
