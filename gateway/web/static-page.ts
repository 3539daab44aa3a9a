import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const FOLDER = join(import.meta.dirname, 'public');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.png': 'image/png',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the page at `/` and the files beside it: a fixed list read at the start, so no request names a path. */
export function servePage(http: FastifyInstance): void {
  for (const name of readdirSync(FOLDER)) {
    const bytes = readFileSync(join(FOLDER, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}"`;
    http.get(name === 'index.html' ? '/' : `/${name}`, (request, reply) => {
      reply
        .header('etag', etag)
        .header('cache-control', 'no-cache')
        .header('x-content-type-options', 'nosniff');
      reply.header('content-security-policy', POLICY).header('referrer-policy', 'no-referrer');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(TYPES[extname(name)] ?? 'application/octet-stream').send(bytes);
    });
  }
}
