import type { FastifyInstance } from 'fastify';
import { BASES, bundleFolder, serveBundle } from './served-bundle.ts';

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
];

/** Serves GraphiQL at `/explorer`. */
export function serveExplorer(http: FastifyInstance, folder: string = bundleFolder('explorer')): void {
  serveBundle(http, { base: BASES.explorer, folder, policy: POLICY, title: 'The explorer' });
}
