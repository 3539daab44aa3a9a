import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveExplorer } from './explorer-page.ts';
import { servePage } from './page-route.ts';

const PAGE = '<!doctype html><title>a page</title>';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html.gz'), gzipSync(PAGE));
  writeFileSync(join(folder, 'assets/main-1.js.gz'), gzipSync('export {};'));
  writeFileSync(join(folder, 'sources.sha256'), 'not served');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  { name: 'the page', serve: servePage, address: '/', base: '/' },
  { name: 'the explorer', serve: serveExplorer, address: '/explorer', base: '/explorer/' },
])('$name', ({ serve, address, base }) => {
  const server = (of: string) => {
    const http = fastify();
    serve(http, of);
    return http;
  };

  test('without a bundle it says which command builds it', async () => {
    const answer = await server(join(folder, 'absent')).inject(address);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('npm run build:web');
    expect(answer.body).toContain('Not for clinical use');
  });

  test('it is sent zipped to whoever takes that, and as it is to others', async () => {
    const http = server(folder);
    const zipped = await http.inject({ url: address, headers: { 'accept-encoding': 'gzip, br' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.rawPayload).toString()).toBe(PAGE);
    const plain = await http.inject(base);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body).toBe(PAGE);
    expect(plain.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  test('scripts come from this origin alone and nothing is evaluated', async () => {
    const policy = String((await server(folder).inject(address)).headers['content-security-policy']);
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]),
    );
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/https?:|\*/);
  });

  test('an asset may be kept for ever, the page is asked for again', async () => {
    const http = server(folder);
    const asset = await http.inject(`${base}assets/main-1.js`);
    expect(asset.headers['cache-control']).toContain('immutable');
    expect(asset.headers['content-type']).toContain('text/javascript');
    const page = await http.inject(address);
    expect(page.headers['cache-control']).toBe('no-cache');
    const headers = { 'if-none-match': String(page.headers.etag) };
    expect((await http.inject({ url: address, headers })).statusCode).toBe(304);
  });

  test('nothing but the files of the bundle is served', async () => {
    const http = server(folder);
    for (const name of ['sources.sha256', '..%2fconfig.ts', 'assets'])
      expect((await http.inject(`${base}${name}`)).statusCode).toBe(404);
  });
});

test('the page lets no style or script in but its files, nor text that is made into one', async () => {
  const http = fastify();
  servePage(http, folder);
  const policy = String((await http.inject('/')).headers['content-security-policy']);
  expect(policy).not.toContain('unsafe-inline');
  expect(policy).not.toContain('data:');
  expect(policy).toContain("require-trusted-types-for 'script'");
});
