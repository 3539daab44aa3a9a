import { createHmac, timingSafeEqual } from 'node:crypto';

/** A signed, dated note that one of our services writes and another reads: nobody else can make or change one.
 *  Form: base64url(JSON) "." base64url(HMAC-SHA-256). Not secret, so it never holds patient data. */
export function sealToken(key: Buffer, payload: object, expiresAt: number): string {
  const body = Buffer.from(JSON.stringify({ ...payload, exp: expiresAt })).toString('base64url');
  return `${body}.${mac(key, body)}`;
}

/** @returns what was sealed, or undefined when the token is forged, damaged or out of date */
export function openToken(key: Buffer, token: string, now: number): Record<string, unknown> | undefined {
  const [body, given, ...more] = token.split('.');
  if (!body || !given || more.length > 0) return undefined;
  // As text: decoding base64url skips what it does not know, so that many texts would pass for one seal.
  const expected = Buffer.from(mac(key, body));
  const received = Buffer.from(given);
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) return undefined;
  const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  return typeof payload.exp === 'number' && payload.exp > now ? payload : undefined;
}

function mac(key: Buffer, body: string): string {
  return createHmac('sha256', key).update(body).digest('base64url');
}
