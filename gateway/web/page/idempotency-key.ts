const BYTES = 16;

/** A name for an upload that nobody else gives. Not by `crypto.randomUUID`, which a page without TLS lacks. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
