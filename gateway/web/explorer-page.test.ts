import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveExplorer } from './explorer-page.ts';

const PAGE = '<!doctype html><title>explorer</title>';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explorer-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html.gz'), gzipSync(PAGE));
  writeFileSync(join(folder, 'assets/main-1.js.gz'), gzipSync('export {};'));
  writeFileSync(join(folder, 'sources.sha256'), 'not served');
});
afterAll(() => rmSync(folder, { recursive: true }));

function server(of: string) {
  const http = fastify();
  serveExplorer(http, of);
  return http;
}

test('without a bundle the page says which command builds it', async () => {
  const answer = await server(join(folder, 'absent')).inject('/explorer');
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['content-type']).toContain('text/html');
  expect(answer.body).toContain('npm run build:explorer');
  expect(answer.body).toContain('Not for clinical use');
});

test('the page is sent zipped to whoever takes that, and as it is to others', async () => {
  const http = server(folder);
  const zipped = await http.inject({ url: '/explorer', headers: { 'accept-encoding': 'gzip, br' } });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(zipped.rawPayload).toString()).toBe(PAGE);
  const plain = await http.inject('/explorer/');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.body).toBe(PAGE);
  expect(plain.headers['content-type']).toBe('text/html; charset=utf-8');
});

test('scripts come from this origin alone and nothing is evaluated', async () => {
  const policy = String((await server(folder).inject('/explorer')).headers['content-security-policy']);
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]),
  );
  expect(policy).not.toContain('unsafe-eval');
  expect(policy).not.toMatch(/https?:|\*/);
});

test('an asset may be kept for ever, the page is asked for again', async () => {
  const http = server(folder);
  const asset = await http.inject('/explorer/assets/main-1.js');
  expect(asset.headers['cache-control']).toContain('immutable');
  expect(asset.headers['content-type']).toContain('text/javascript');
  const page = await http.inject('/explorer');
  expect(page.headers['cache-control']).toBe('no-cache');
  const again = await http.inject({
    url: '/explorer',
    headers: { 'if-none-match': String(page.headers.etag) },
  });
  expect(again.statusCode).toBe(304);
});

test('nothing but the files of the bundle is served', async () => {
  const http = server(folder);
  for (const url of ['/explorer/sources.sha256', '/explorer/..%2fconfig.ts', '/explorer/assets'])
    expect((await http.inject(url)).statusCode).toBe(404);
});
