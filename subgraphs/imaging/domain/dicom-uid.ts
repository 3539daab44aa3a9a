import { createHash } from 'node:crypto';

/** Digits and dots, no component with a leading zero, at most 64 characters (PS3.5, 9.1). */
const UID = /^(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/;

export function isDicomUid(text: unknown): text is string {
  return typeof text === 'string' && UID.test(text);
}

/** A UID under 2.25 (PS3.5, B.2) that follows from what it names: equal parts give the same one, everywhere and always. Its
 *  UUID is of version 8 (RFC 9562), from SHA-256. */
export function derivedUid(...parts: readonly string[]): string {
  // Netstrings, so that no two lists of parts are written alike.
  const named = parts.map((part) => `${Buffer.byteLength(part)}:${part},`).join('');
  const uuid = createHash('sha256').update(`radiograph/dicom-uid/${named}`).digest().subarray(0, 16);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`;
}
