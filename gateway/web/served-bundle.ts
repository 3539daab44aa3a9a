import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';

/** What Vite bundles from the folders of these names. */
export const BUNDLES = ['page', 'explorer'] as const;
export type BundleName = (typeof BUNDLES)[number];

/** Under which address each is served. */
export const BASES: Readonly<Record<BundleName, string>> = { page: '/', explorer: '/explorer/' };

/** Where `npm run build:web` leaves a bundle; `npm ci` runs it. */
export const bundleFolder = (name: BundleName): string => join(import.meta.dirname, `${name}-dist`);

export type ServedBundle = {
  /** Ends in a slash; the page itself is there without it too. */
  readonly base: string;
  readonly folder: string;
  /** The content security policy, by its directives. */
  readonly policy: readonly string[];
  /** For the page that stands in when there is no bundle. */
  readonly title: string;
};

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
};

const unzipped = promisify(gunzip);

/** Serves a bundle, read at the start, so that no request names a path; 503 with a page that says how to build it when
 *  there is none. */
export function serveBundle(http: FastifyInstance, { base, folder, policy, title }: ServedBundle): void {
  const files = bundled(folder);
  const pages = base === '/' ? ['/'] : [base.slice(0, -1), base];
  if (!files.has('index.html')) {
    for (const address of pages)
      http.get(address, (_request, reply) =>
        secured(reply, policy).code(503).type('text/html').send(absent(title)),
      );
    return;
  }
  for (const [name, zipped] of files) {
    // The name of an asset holds the digest of its content.
    const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    const etag = etagOf(zipped);
    const send: RouteHandlerMethod = async (request, reply) => {
      secured(reply, policy).header('vary', 'accept-encoding');
      reply.header('etag', etag).header('cache-control', caching);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      reply.type(TYPES[extname(name)] ?? 'application/octet-stream');
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? ''))
        return reply.send(await unzipped(zipped));
      return reply.header('content-encoding', 'gzip').send(zipped);
    };
    for (const address of name === 'index.html' ? pages : [`${base}${name}`]) http.get(address, send);
  }
}

export function etagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}"`;
}

function secured(reply: FastifyReply, policy: readonly string[]): FastifyReply {
  return reply
    .header('content-security-policy', policy.join('; '))
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
}

function absent(title: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<h1>${title} is not built</h1>
<p>It is bundled when the packages are installed, and the development packages were left out then. Run
<code>npm ci --include=dev</code> or, where they are there, <code>npm run build:web</code>, and start the gateway again.</p>
<p>Not for clinical use. <a href="/graphql">The graph</a> works without it.</p></html>
`;
}

/** The gzipped files by their address within the bundle; none when it is absent or being replaced. */
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
