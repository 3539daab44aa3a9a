import { openToken, sealToken } from './sealed-token.ts';

export type StoredFile = { address: string; mediaType: 'image/png' | 'image/jpeg' };

/** A link lives 15 to 30 minutes; whole quarters make equal links for equal pictures: a page that asks the graph again keeps those that it shows. */
const QUARTER_MS = 15 * 60_000;

/** The path under which the gateway serves a stored picture to whoever was handed the link. */
export function fileUrl(key: Buffer, { address, mediaType }: StoredFile, now = Date.now()): string {
  const expiresAt = (Math.floor(now / QUARTER_MS) + 2) * QUARTER_MS;
  return `/files/${sealToken(key, { address, mediaType }, expiresAt)}`;
}

/** @returns the picture that a link names, or undefined when the link is forged or out of date */
export function openFileToken(key: Buffer, token: string, now = Date.now()): StoredFile | undefined {
  const file = openToken(key, token, now);
  if (typeof file?.address !== 'string') return undefined;
  if (file.mediaType !== 'image/png' && file.mediaType !== 'image/jpeg') return undefined;
  return { address: file.address, mediaType: file.mediaType };
}
