import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { BASES, bundleFolder, etagOf, serveBundle } from './served-bundle.ts';

const PHANTOM = join(import.meta.dirname, 'public/phantom.png');
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  // Of the same origin are its WebSockets too (Content Security Policy Level 3, 6.7.2.8).
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

/** Serves the page at `/`, and the synthetic sample at `/phantom.png`. */
export function servePage(http: FastifyInstance, folder: string = bundleFolder('page')): void {
  serveBundle(http, { base: BASES.page, folder, policy: POLICY, title: 'The page' });
  const phantom = readFileSync(PHANTOM);
  const etag = etagOf(phantom);
  http.get('/phantom.png', (request, reply) => {
    reply
      .header('etag', etag)
      .header('cache-control', 'no-cache')
      .header('x-content-type-options', 'nosniff');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('image/png').send(phantom);
  });
}
