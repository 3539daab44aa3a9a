import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type BlobKey, FIRST_KEY, type KeyRing } from './key-ring.ts';

/** What stands before the ciphertext. "RGB1" was written before keys could rotate and is read on. */
const MAGIC = Buffer.from('RGB2');
const MAGIC_OF_FIRST_KEY = Buffer.from('RGB1');
const ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Enough to tell the key of a blob. */
export const HEAD_BYTES = MAGIC.length + ID_BYTES;

/** Encrypts one blob piece by piece: "RGB2" · 8-byte id of the key · 12-byte IV · AES-256-GCM ciphertext · 16-byte tag,
 *  with what stands before the IV as additional data. The address is known only at the end, so it cannot be among
 *  that; reading checks it against the plain bytes. */
export function sealer(key: BlobKey, addressKey: Buffer) {
  const head = Buffer.concat([MAGIC, Buffer.from(key.id, 'hex')]);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(head);
  const hmac = createHmac('sha256', addressKey);
  let bytes = 0;
  return {
    head: Buffer.concat([head, iv]),
    seal(plain: Buffer): Buffer {
      hmac.update(plain);
      bytes += plain.length;
      return cipher.update(plain);
    },
    /** @returns the last bytes, the address (HMAC-SHA-256 of the plain bytes) and their number */
    end() {
      const tail = Buffer.concat([cipher.final(), cipher.getAuthTag()]);
      return { tail, address: hmac.digest('hex'), bytes };
    },
  };
}

/** @returns the plain bytes @throws Error when they are damaged, lie under another address, or their key is gone */
export async function openSealed(
  sealed: Buffer,
  address: string,
  keys: KeyRing,
  addressKey: Buffer,
): Promise<Buffer> {
  const id = keyIdOf(sealed);
  const head = sealed.subarray(0, sealed.subarray(0, MAGIC.length).equals(MAGIC) ? HEAD_BYTES : MAGIC.length);
  const start = head.length + IV_BYTES;
  if (id === undefined || sealed.length < start + TAG_BYTES)
    throw new Error('A stored blob is damaged: it has no header');
  const key = await keys.find(id);
  if (!key) throw new Error(`A stored blob cannot be read: its key ${id} is not there`);
  const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(head.length, start));
  if (head.length === HEAD_BYTES) decipher.setAAD(head);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(start, -TAG_BYTES));
  // Of this mode it has no bytes more: it checks the tag.
  decipher.final();
  const actual = createHmac('sha256', addressKey).update(plain).digest();
  if (!timingSafeEqual(actual, Buffer.from(contentAddress(address), 'hex')))
    throw new Error('A stored blob is damaged: it lies under another address');
  return plain;
}

/** The id of the key under which a blob is encrypted, or undefined when these are not the first bytes of one. */
export function keyIdOf(sealed: Buffer): string | undefined {
  if (sealed.length < HEAD_BYTES) return undefined;
  const magic = sealed.subarray(0, MAGIC.length);
  if (magic.equals(MAGIC_OF_FIRST_KEY)) return FIRST_KEY;
  return magic.equals(MAGIC) ? sealed.toString('hex', MAGIC.length, HEAD_BYTES) : undefined;
}

const ADDRESS = /^([0-9a-f]{64}\.)?[0-9a-f]{64}$/;

export const isAddress = (text: string) => ADDRESS.test(text);

/** The blob that this one was drawn from, or undefined when it stands for itself. */
export const parentOf = (address: string) => (address.length > 64 ? address.slice(0, 64) : undefined);

/** The address of the bytes alone. */
const contentAddress = (address: string) => address.slice(-64);
