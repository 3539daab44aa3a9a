import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagingBlobStore } from './blob-store.ts';
import type { Keys } from './keys.ts';

const MAGIC = Buffer.from('RGB1');
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** No upload takes as long: what is older was left by a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60_000;
const ADDRESS = /^[0-9a-f]{64}$/;

/** A folder of encrypted blobs. File: "RGB1" · 12-byte IV · AES-256-GCM ciphertext · 16-byte tag.
 *  The address is the HMAC-SHA-256 of the plain bytes; `get` checks it again, so a file under a wrong name is found
 *  out although its tag is right. A blob is written to a temporary name, synced, renamed, and its folders synced. */
export async function openFolderBlobStore(dataDir: string, keys: Keys): Promise<StagingBlobStore> {
  const root = join(dataDir, 'blobs');
  const incoming = join(root, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const secret = keys('blob-encryption');
  const addressKey = keys('blob-address');
  const pathOf = (address: string) => join(root, address.slice(0, 2), address);

  await sweep(incoming);

  const stage: StagingBlobStore['stage'] = async (source) => {
    const temporary = join(incoming, randomBytes(16).toString('hex'));
    const file = await open(temporary, 'wx', 0o600);
    const discard = async () => unlink(temporary).catch(absent);
    try {
      const written = await writeSealed(file, source, secret, addressKey);
      await file.sync();
      await file.close();
      const keep = async () => {
        const folder = join(root, written.address.slice(0, 2));
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await rename(temporary, pathOf(written.address));
        await syncFolder(folder);
        // The folder itself may be new, also by a put that runs beside this one.
        await syncFolder(root);
      };
      return { ...written, keep, discard };
    } catch (error) {
      await file.close().catch(() => undefined);
      await discard().catch(() => undefined);
      throw error;
    }
  };

  return {
    stage,

    async put(source) {
      const { address, bytes, keep, discard } = await stage(source);
      try {
        await keep();
      } catch (error) {
        await discard().catch(() => undefined);
        throw error;
      }
      return { address, bytes };
    },

    async get(address) {
      if (!ADDRESS.test(address)) return undefined;
      const sealed = await readFile(pathOf(address)).catch(absent);
      return sealed && openSealed(sealed, address, secret, addressKey);
    },

    async delete(address) {
      if (ADDRESS.test(address)) await unlink(pathOf(address)).catch(absent);
    },
  };
}

async function writeSealed(
  file: FileHandle,
  source: Iterable<Buffer> | AsyncIterable<Buffer>,
  secret: Buffer,
  addressKey: Buffer,
) {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const hmac = createHmac('sha256', addressKey);
  let bytes = 0;
  await file.appendFile(Buffer.concat([MAGIC, iv]));
  for await (const chunk of source) {
    hmac.update(chunk);
    bytes += chunk.length;
    await file.appendFile(cipher.update(chunk));
  }
  await file.appendFile(Buffer.concat([cipher.final(), cipher.getAuthTag()]));
  return { address: hmac.digest('hex'), bytes };
}

function openSealed(sealed: Buffer, address: string, secret: Buffer, addressKey: Buffer): Buffer {
  const head = MAGIC.length + IV_BYTES;
  if (sealed.length < head + TAG_BYTES || !sealed.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Error('A stored blob is damaged: it has no header');
  const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(MAGIC.length, head));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(sealed.subarray(head, -TAG_BYTES)), decipher.final()]);
  const actual = createHmac('sha256', addressKey).update(plain).digest();
  if (!timingSafeEqual(actual, Buffer.from(address, 'hex')))
    throw new Error('A stored blob is damaged: it lies under another address');
  return plain;
}

/** Removes what killed processes left half written. Another process may be writing here: its files are young. */
async function sweep(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const written = (await stat(path).catch(absent))?.mtimeMs;
    if (written !== undefined && Date.now() - written > ABANDONED_MS) await unlink(path).catch(absent);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
