import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';

/** Where `npm run build:explorer` leaves the bundle; `npm ci` runs it. */
export const EXPLORER_FOLDER = join(import.meta.dirname, 'explorer-dist');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
};
// Monaco, the editor inside GraphiQL, writes the theme and the place of every line into <style> elements and style
// attributes, and its style sheet carries its symbols as data: addresses. Scripts are our own files and nothing else.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const ABSENT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Radiograph explorer</title>
<h1>The explorer is not built</h1>
<p>It is bundled when the packages are installed, and the development packages were left out then. Run
<code>npm ci --include=dev</code> or, where they are there, <code>npm run build:explorer</code>, and start the gateway again.</p>
<p>Not for clinical use. <a href="/">The page for uploads</a> works without it.</p></html>
`;

const unzipped = promisify(gunzip);

/** Serves GraphiQL at `/explorer` from the bundle in `folder`, read at the start; 503 with a page that says how to
 *  build it when there is none. */
export function serveExplorer(http: FastifyInstance, folder: string = EXPLORER_FOLDER): void {
  const files = bundled(folder);
  if (!files.has('index.html')) {
    http.get('/explorer', (_request, reply) => secured(reply).code(503).type('text/html').send(ABSENT));
    return;
  }
  for (const [name, zipped] of files) {
    const etag = `"${createHash('sha256').update(zipped).digest('base64url').slice(0, 16)}"`;
    // The name of an asset holds the digest of its content.
    const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    const send: RouteHandlerMethod = async (request, reply) => {
      secured(reply).header('etag', etag).header('cache-control', caching).header('vary', 'accept-encoding');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      reply.type(TYPES[extname(name)] ?? 'application/octet-stream');
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? ''))
        return reply.send(await unzipped(zipped));
      return reply.header('content-encoding', 'gzip').send(zipped);
    };
    const addresses = name === 'index.html' ? ['/explorer', '/explorer/'] : [`/explorer/${name}`];
    for (const address of addresses) http.get(address, send);
  }
}

function secured(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
}

/** The gzipped files by their address within `/explorer`; none when the bundle is absent or being replaced. */
function bundled(folder: string): Map<string, Buffer> {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.gz'),
    );
    return new Map(
      names.map((name) => [
        name.slice(0, -'.gz'.length).replaceAll('\\', '/'),
        readFileSync(join(folder, name)),
      ]),
    );
  } catch {
    return new Map();
  }
}
