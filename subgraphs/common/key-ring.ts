import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, syncFolder } from './key-files.ts';

/** A key that blobs are encrypted with; every blob names the id of its own. */
export type BlobKey = {
  /** 8 bytes in hexadecimal. */
  readonly id: string;
  /** ms since 1970 from which new blobs are encrypted with it. */
  readonly from: number;
  readonly secret: Buffer;
};

/** The keys that blobs are encrypted with: the active one for writing, all of them for reading. */
export type KeyRing = {
  active(): Promise<BlobKey>;
  find(id: string): Promise<BlobKey | undefined>;
  /** Oldest first. */
  all(): Promise<readonly BlobKey[]>;
};

/** The key of a data folder that was never rotated. */
export const FIRST_KEY = '0'.repeat(16);

const NAME = /^blob-(\d{13})-([0-9a-f]{16})\.key$/;

/** Each key but the first is a file of its own, `blob-<from>-<id>.key`: to add one changes nothing that is there,
 *  so a crash, or two who rotate at once, can lose none. Running services see a new file at their next write.
 *  @param first derived from the master key */
export function openKeyRing(folder: string, first: Buffer, now: () => number = Date.now): KeyRing {
  let seen = -1;
  let known: readonly BlobKey[] = [{ id: FIRST_KEY, from: 0, secret: first }];

  const read = async () => {
    // Before the files: what is added meanwhile is read once more rather than missed.
    const changed = (await stat(folder)).mtimeMs;
    const files = (await readdir(folder)).flatMap((name) => {
      const [, from, id] = NAME.exec(name) ?? [];
      return id === undefined ? [] : [{ id, from: Number(from), path: join(folder, name) }];
    });
    const read = files.map(async ({ id, from, path }) => ({ id, from, secret: await readFile(path) }));
    const later = (await Promise.all(read)).sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
    for (const { secret } of later)
      if (secret.length !== 32) throw new Error('A key of blobs has the wrong length: expected 32 bytes');
    known = [{ id: FIRST_KEY, from: 0, secret: first }, ...later];
    seen = changed;
  };
  const refresh = async () => {
    if ((await stat(folder)).mtimeMs !== seen) await read();
  };

  return {
    async active() {
      await refresh();
      const active = known.findLast(({ from }) => from <= now());
      if (!active) throw new Error('There is no key to encrypt blobs with');
      return active;
    },
    async find(id) {
      const find = () => known.find((key) => key.id === id);
      const there = find();
      if (there) return there;
      await read();
      return find();
    },
    async all() {
      await read();
      return known;
    },
  };
}

/** Adds a key that becomes the active one at `from`. @returns its id */
export async function addBlobKey(folder: string, from: number): Promise<string> {
  const id = randomBytes(8).toString('hex');
  const name = `blob-${String(from).padStart(13, '0')}-${id}.key`;
  await createKeyFile(join(folder, name), randomBytes(32));
  return id;
}

/** Removes a key for good: blobs under it are lost. */
export async function dropBlobKey(folder: string, { id, from }: BlobKey): Promise<void> {
  await unlink(join(folder, `blob-${String(from).padStart(13, '0')}-${id}.key`));
  await syncFolder(folder);
}
