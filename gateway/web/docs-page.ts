import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import { type OpenApiSettings, openApiDocument } from '../openapi/openapi-document.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};
// Swagger UI's style sheet carries its symbols as data: addresses, and it shows pictures that an operation answers as blobs.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const own = (name: string) => () => readFileSync(join(import.meta.dirname, 'docs', name));
const require = createRequire(import.meta.url);
const SWAGGER = dirname(require.resolve('swagger-ui-dist/package.json'));
const swagger = (name: string) => () => readFileSync(join(SWAGGER, name));

/** Serves Swagger UI at `/docs` from the installed package, and the document it shows at `/docs/openapi.json` and
 *  `/openapi.json`. Few ask for them, so that files are read and compressed when somebody first does. */
export function serveDocs(http: FastifyInstance, settings: OpenApiSettings): void {
  const page = served('.html', own('index.html'));
  const document = served('.json', () => Buffer.from(JSON.stringify(openApiDocument(settings))));
  for (const address of ['/docs', '/docs/']) http.get(address, page);
  for (const address of ['/docs/openapi.json', '/openapi.json']) http.get(address, document);
  for (const name of ['docs.css', 'docs.js']) http.get(`/docs/${name}`, served(extname(name), own(name)));
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    http.get(`/docs/${name}`, served(extname(name), swagger(name)));
}

type Content = { readonly plain: Buffer; readonly zipped: Buffer; readonly etag: string };

function served(extension: string, read: () => Buffer): RouteHandlerMethod {
  let content: Promise<Content> | undefined;
  return async ({ headers }, reply) => {
    content ??= prepared(read());
    const { plain, zipped, etag } = await content;
    reply
      .headers({ etag, 'cache-control': 'no-cache', vary: 'accept-encoding' })
      .headers({ 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' })
      .header('referrer-policy', 'no-referrer');
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    reply.type(TYPES[extension] ?? 'application/octet-stream');
    if (!/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return reply.send(plain);
    return reply.header('content-encoding', 'gzip').send(zipped);
  };
}

async function prepared(plain: Buffer): Promise<Content> {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 16)}"`;
  return { plain, zipped: await promisify(gzip)(plain), etag };
}
