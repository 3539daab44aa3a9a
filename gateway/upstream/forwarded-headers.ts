import type { IncomingHttpHeaders } from 'node:http';
import { DEADLINE_HEADER } from '#common/deadline.ts';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';

export type ForwardedHeaders = Readonly<Record<string, string>>;

/** Those of one connection (RFC 9110, 7.6.1), those that the gateway writes itself, and the caller's credentials:
 *  a subgraph is told who asks by the gateway alone. */
const NEVER = new Set([
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'host'],
  ...['accept', 'accept-encoding', 'content-type', 'content-length', 'content-encoding'],
  ...['authorization', 'cookie', 'proxy-authorization', 'proxy-authenticate', 'proxy-connection'],
  ...[REQUEST_ID_HEADER, DEADLINE_HEADER],
]);

const TOKEN = /^[a-z0-9-]{1,64}$/;

/** Reads a comma-separated list of header names.
 *  @throws Error when one is malformed or never forwarded */
export function headerAllowList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (names.some((name) => !TOKEN.test(name) || NEVER.has(name)))
    throw new Error(
      'Expected names of headers with commas between, none of credentials or of the connection',
    );
  return names;
}

/** What of a caller's headers reaches the subgraphs: those on the list, nothing else. */
export function forwardedHeaders(allowed: readonly string[], given: IncomingHttpHeaders): ForwardedHeaders {
  const forwarded: Record<string, string> = {};
  for (const name of allowed) {
    const value = given[name];
    if (value !== undefined) forwarded[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return forwarded;
}
