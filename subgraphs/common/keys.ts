import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, readIfThere } from './key-files.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';

/** What a key is for: a key derived for one purpose is of no use for another. */
export type KeyPurpose = 'blob-address' | 'upload-claim' | 'file-token' | 'heatmap-claim';

export type Keys = {
  (purpose: KeyPurpose): Buffer;
  readonly blobs: KeyRing;
};

/** Where keys lie unless `KEYS_DIR` says otherwise. */
export const keysFolder = (dataDir: string) => join(dataDir, 'keys');

/** Opens the master key, making it at the first start; several services may start at once.
 *  @returns a function that derives the 32-byte key of a purpose (HKDF-SHA-256, RFC 5869), with the ring of blob keys */
export async function openKeys(dataDir: string, folder: string = keysFolder(dataDir)): Promise<Keys> {
  const path = join(folder, 'master.key');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const master = (await readIfThere(path)) ?? (await createOnce(path));
  if (master.length !== 32) throw new Error('The master key has the wrong length: expected 32 bytes');
  const derive = (purpose: KeyPurpose | 'blob-encryption') =>
    Buffer.from(hkdfSync('sha256', master, '', `radiograph/${purpose}`, 32));
  const of = (purpose: KeyPurpose) => derive(purpose);
  return Object.assign(of, { blobs: openKeyRing(folder, derive('blob-encryption')) });
}

async function createOnce(path: string): Promise<Buffer> {
  await createKeyFile(path, randomBytes(32));
  return readFile(path);
}
