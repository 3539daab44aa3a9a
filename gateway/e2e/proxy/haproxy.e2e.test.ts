import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '#common/testing/programs.ts';
import { haproxyServer } from '../chaos/haproxy.ts';
import { STREAM_CLIENTS } from '../stream-clients.ts';
import { ask, picture, type System, startSystem } from '../system.ts';
import {
  CONFIGURATION,
  type CommittedProxy,
  STATS_PASSWORD,
  startCommittedProxy,
} from './committed-proxy.ts';

const openssl = program('openssl');
const missing = [...(haproxyServer ? [] : ['haproxy']), ...(openssl ? [] : ['openssl'])];
if (missing.length > 0)
  console.warn(`SKIPPED: HAProxy's configuration is not tested, for want of ${missing.join()}`);

const CLIENT_REQUESTS = 200;

describe.skipIf(missing.length > 0)('the configuration of HAProxy', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const certificate = join(folder, 'both.pem');
  let system: System;
  let proxy: CommittedProxy;

  beforeAll(async () => {
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const [key, crt] = [join(folder, 'key.pem'), join(folder, 'crt.pem')];
    const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync(openssl ?? '', [...asked, '-keyout', key, '-out', crt], { stdio: 'ignore' });
    writeFileSync(certificate, readFileSync(key, 'utf8') + readFileSync(crt, 'utf8'));
    system = stack.use(await startSystem({ gateway: { TRUSTED_PROXIES: 'loopback', RATE_LIMIT: '300' } }));
    const { hostname, port } = new URL(system.url);
    proxy = stack.use(
      await startCommittedProxy({
        gateways: { port: Number(port), addresses: [hostname] },
        certificate,
        env: { CLIENT_REQUESTS_10S: String(CLIENT_REQUESTS), MOST_BODY_BYTES: '3000000' },
      }),
    );
    await proxy.uses('gateways', 1);
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  test('haproxy finds no fault in it, with TLS and without, and finds one that is planted', () => {
    const check = (files: readonly string[], env: NodeJS.ProcessEnv) =>
      spawnSync(haproxyServer ?? '', ['-c', ...files.flatMap((file) => ['-f', file])], {
        env,
        encoding: 'utf8',
      });
    const [plain, tls] = ['haproxy.cfg', 'tls.cfg'].map((file) => join(CONFIGURATION, file));
    if (!plain || !tls) throw new Error('Expected two files');
    for (const found of [
      check([plain], { STATS_PASSWORD }),
      check([plain, tls], { STATS_PASSWORD, TLS_CERTIFICATE: certificate }),
    ]) {
      expect(found.status, found.stderr).toBe(0);
      expect(found.stderr + found.stdout).not.toMatch(/WARNING|ALERT/);
    }
    const broken = join(folder, 'broken.cfg');
    writeFileSync(broken, readFileSync(plain, 'utf8').replace('balance leastconn', 'balance leastcon'));
    expect(check([broken], { STATS_PASSWORD }).status).toBe(1);
  });

  test.each(STREAM_CLIENTS)('a subscription passes: $name', async ({ follow }) => {
    const form = new FormData();
    const query = 'mutation ($f: [Upload!]!) { radiographUpload(input: { files: $f }) { jobs { id } } }';
    form.set('operations', JSON.stringify({ query, variables: { f: [null] } }));
    form.set('map', '{"0":["variables.f.0"]}');
    form.set('0', new Blob([new Uint8Array(await picture('png', 5))]), 'a.png');
    const headers = { 'apollo-require-preflight': '1' };
    const sent = await fetch(`${proxy.url}/graphql`, { method: 'POST', body: form, headers });
    const { data } = (await sent.json()) as { data: { radiographUpload: { jobs: { id: string }[] } } };
    const states: unknown[] = [];
    const subscription = 'subscription ($id: ID!) { jobStatus(id: $id) { state } }';
    for await (const told of follow(proxy.url, subscription, { id: data.radiographUpload.jobs[0]?.id }))
      states.push(told.data);
    expect(states.at(-1)).toMatchObject({ jobStatus: { state: 'SUCCEEDED' } });
  });

  test('what Prometheus asks for is hidden, however it is spelled; the probes are not', async () => {
    const raw = (path: string) =>
      new Promise<string>((resolve) => {
        const { hostname, port } = new URL(proxy.url);
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
        );
        void text(socket).then(resolve);
      });
    for (const path of [
      '/metrics',
      '/metrics?a',
      '//metrics',
      '/metrics/',
      '/%6detrics',
      '/%6Detrics',
      '/METRICS',
      '/./metrics',
      '/a/../metrics',
    ]) {
      const answer = await raw(path);
      expect(answer, path).toMatch(/^HTTP\/1\.1 404/);
      expect(answer, path).not.toContain('# HELP');
    }
    expect(await raw('/healthz')).toMatch(/^HTTP\/1\.1 200/);
    expect(await raw('/readyz')).toMatch(/^HTTP\/1\.1 200/);
  });

  test('statistics need the password, which comes from the environment', async () => {
    const stats = (password: string) =>
      fetch(proxy.statsUrl, { headers: { authorization: `Basic ${btoa(`admin:${password}`)}` } });
    expect((await fetch(proxy.statsUrl)).status).toBe(401);
    expect((await stats('guessed')).status).toBe(401);
    expect(await (await stats(STATS_PASSWORD)).text()).toContain('Statistics Report');
    expect((await fetch(`${proxy.url}/stats`)).status).toBe(404);
    expect((await fetch(`${proxy.statsUrl}/metrics`)).status).toBe(401);
    expect((await fetch(`${proxy.metricsUrl}/healthz`)).status).toBe(200);
  });

  test('a client is known by its address, whatever it says of that', async () => {
    const left = async (headers: Record<string, string>) => {
      const answer = await fetch(`${proxy.url}/graphql`, {
        method: 'POST',
        body: '{"query":"{ __typename }"}',
        headers: { 'content-type': 'application/json', ...headers },
      });
      return Number(/r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);
    };
    const before = await left({});
    expect(await left({ 'x-forwarded-for': '10.1.2.3' })).toBe(before - 1);
    expect(await left({ forwarded: 'for=10.1.2.3', 'x-forwarded-for': '10.1.2.4, 127.0.0.1' })).toBe(
      before - 2,
    );
    // Asked itself, the gateway would believe it.
    const direct = await fetch(`${system.url}/graphql`, {
      method: 'POST',
      body: '{"query":"{ __typename }"}',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '10.1.2.3' },
    });
    expect(direct.headers.get('ratelimit')).toContain('r=299');
  });

  test('a request has an id from here on, and the log has that and nothing of the address', async () => {
    const answer = await fetch(`${proxy.url}/fhir/Patient/7`, {
      headers: { 'x-request-id': 'from-the-ward.1' },
    });
    expect(answer.headers.get('x-request-id')).toBe('from-the-ward.1');
    await answer.text();
    const { headers } = await fetch(`${proxy.url}/healthz`, { headers: { 'x-request-id': 'a "b" {c}' } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    await expect.poll(() => proxy.lines.find((line) => line.includes('from-the-ward.1'))).toBeDefined();
    const line = proxy.lines.find((one) => one.includes('from-the-ward.1')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      room: 'fhir',
      method: 'GET',
      frontend: 'edge',
      server: 'gateway-1',
    });
    expect(line).not.toContain('Patient');
    for (const one of proxy.lines.filter((each) => each.startsWith('{'))) JSON.parse(one);
  });

  test('behind TLS the links of answers are to TLS', async () => {
    const b64 = (await picture('png', 9)).toString('base64');
    const answer = await overTls(proxy.tlsUrl, new URLSearchParams({ b64 }).toString());
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toContain('max-age');
    const links = JSON.stringify(JSON.parse(answer.body)).match(/https?:\/\/[^"]+/g) ?? [];
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(link).toContain(`${proxy.tlsUrl}/files/`);
  });

  test('a request that is too large is refused before it is read', async () => {
    // Of its body nothing is sent: what comes after a refusal breaks the connection, at times before the answer is read.
    const headers = { 'content-length': 3_000_001 };
    const asked = plainRequest(`${proxy.url}/graphql`, { method: 'POST', headers });
    asked.flushHeaders();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
    expect(JSON.parse(await text(answer))).toMatchObject({
      errors: [{ extensions: { code: 'FILE_TOO_LARGE' } }],
    });
    asked.destroy();
  });

  // The last but one: afterwards this address has had enough for ten seconds.
  test('an address that asks without end is told to come back', async () => {
    const asked = Array.from({ length: 2 * CLIENT_REQUESTS }, () => fetch(`${proxy.url}/healthz`));
    const answers = await Promise.all(asked);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(CLIENT_REQUESTS / 2);
    expect(refused[0]?.headers.get('retry-after')).toBe('10');
    expect(await refused[0]?.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  });

  test('while no gateway is ready one that is alive says what is missing; with none there is 503', async () => {
    await using away = new AsyncDisposableStack();
    const ill = away.use(await startSystem({ imaging: 'dead' }));
    const { hostname, port } = new URL(ill.url);
    const before = away.use(
      await startCommittedProxy({ gateways: { port: Number(port), addresses: [hostname] } }),
    );
    await before.uses('gateways-alive', 1);
    const ready = await fetch(`${before.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ subgraphs: { imaging: 'unreachable', icu: 'ready' } });
    expect((await ask(before.url, '{ patient(id: "7") { id } }')).data).toEqual({ patient: { id: '7' } });

    const nobody = away.use(await startCommittedProxy({ gateways: { port: 1, addresses: [] } }));
    await expect.poll(() => fetch(`${nobody.url}/`).then(({ status }) => status)).toBe(503);
    const answer = await fetch(`${nobody.url}/`);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
  });
});

type TlsAnswer = { status: number | undefined; headers: Record<string, unknown>; body: string };

/** A certificate of this test is known to nobody. */
function overTls(url: string, form: string): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length };
    const asked = request(
      `${url}/covid19/api/v1/predict/heatmap`,
      { method: 'POST', headers, rejectUnauthorized: false },
      (answer) => {
        void text(answer).then((body) =>
          resolve({ status: answer.statusCode, headers: answer.headers, body }),
        );
      },
    );
    asked.once('error', reject);
    asked.end(form);
  });
}
