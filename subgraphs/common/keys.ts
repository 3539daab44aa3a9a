import { hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a key is for: a key derived for one purpose is of no use for another. */
export type KeyPurpose = 'blob-encryption' | 'blob-address' | 'upload-claim' | 'file-token';

export type Keys = (purpose: KeyPurpose) => Buffer;

/** Opens the master key of a data folder, making it at the first start.
 *  Several services start at once: `link` lets exactly one of them win, and all read the winner's key.
 *  @returns a function that derives the 32-byte key of a purpose (HKDF-SHA-256, RFC 5869) */
export async function openKeys(dataDir: string): Promise<Keys> {
  const folder = join(dataDir, 'keys');
  const path = join(folder, 'master.key');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const master = (await readIfThere(path)) ?? (await createOnce(folder, path));
  if (master.length !== 32) throw new Error('The master key has the wrong length: expected 32 bytes');
  return (purpose) => Buffer.from(hkdfSync('sha256', master, '', `radiograph/${purpose}`, 32));
}

async function createOnce(folder: string, path: string): Promise<Buffer> {
  const temporary = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(32));
    await file.sync();
  } finally {
    await file.close();
  }
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(temporary);
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
  return readFile(path);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
