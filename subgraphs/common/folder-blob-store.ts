import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync } from 'node:fs';
import { mkdir, readdir, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { HEAD_BYTES, isAddress, keyIdOf, openSealed, parentOf, sealer } from './blob-envelope.ts';
import { readWhole, sync, writeAll, writtenAt } from './blob-files.ts';
import type { KeptBlobStore } from './blob-store.ts';
import { syncFolder } from './key-files.ts';
import type { Keys } from './keys.ts';
import { storageFault } from './storage-fault.ts';

/** A client's chunks are small: each write of its own would cost more than encrypting it. */
const WRITTEN_AT_ONCE = 256 * 1024;

/** A folder of encrypted blobs: `blobs/<first two digits>/<address>`. A blob is written to a temporary name, synced,
 *  renamed, and its folders synced. What is drawn from another blob has that one's address before its own. */
export async function openFolderBlobStore(dataDir: string, keys: Keys): Promise<KeptBlobStore> {
  const root = join(dataDir, 'blobs');
  const incoming = join(root, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const addressKey = keys('blob-address');
  const folderOf = (address: string) => join(root, address.slice(0, 2));
  const pathOf = (address: string) => join(folderOf(address), address);

  const write = async (source: Iterable<Buffer> | AsyncIterable<Buffer>, durably = true) => {
    const temporary = join(incoming, randomBytes(16).toString('hex'));
    const discard = async () => unlink(temporary).catch(absent);
    const file = refusing(() => openSync(temporary, 'wx', 0o600));
    try {
      const sealing = sealer(await keys.blobs.active(), addressKey);
      const written = await writeSealed(file, source, sealing);
      if (durably) await sync(file);
      return { ...written, temporary, discard };
    } catch (error) {
      await discard().catch(() => undefined);
      throw storageFault(error);
    } finally {
      closeSync(file);
    }
  };

  /** Folders that are known to be on the disk themselves; none is ever removed. */
  const known = new Set<string>();

  const place = async (temporary: string, address: string, durably = true) => {
    const folder = folderOf(address);
    const isKnown = known.has(folder);
    if (!isKnown) await mkdir(folder, { recursive: true, mode: 0o700 }).catch(refuse);
    refusing(() => renameSync(temporary, pathOf(address)));
    if (durably) await syncFolder(folder);
    if (isKnown) return;
    // It may be new, also by a put that runs beside this one.
    await syncFolder(root);
    known.add(folder);
  };

  const storedAt: KeptBlobStore['storedAt'] = async (address) =>
    isAddress(address) ? writtenAt(pathOf(address)) : undefined;

  return {
    storedAt,

    async stage(source) {
      const { address, bytes, temporary, discard } = await write(source);
      return { address, bytes, keep: () => place(temporary, address), discard };
    },

    async put(source, drawnFrom) {
      const stands = drawnFrom === undefined;
      const { address: own, bytes, temporary, discard } = await write(source, stands);
      const address = stands ? own : `${drawnFrom}.${own}`;
      try {
        await place(temporary, address, stands);
      } catch (error) {
        await discard().catch(() => undefined);
        throw error;
      }
      return { address, bytes };
    },

    async get(address) {
      if (!isAddress(address)) return undefined;
      // Gone as soon as what it was drawn from is: the file itself may be removed a little later.
      const parent = parentOf(address);
      if (parent !== undefined && (await storedAt(parent)) === undefined) return undefined;
      const sealed = await readWhole(pathOf(address));
      return sealed && openSealed(sealed, address, keys.blobs, addressKey);
    },

    async delete(address) {
      if (!isAddress(address)) return;
      const folder = folderOf(address);
      await unlink(pathOf(address)).catch(absent);
      const beside = (await readdir(folder).catch(absent)) ?? [];
      for (const name of beside)
        if (name.startsWith(`${address}.`)) await unlink(join(folder, name)).catch(absent);
      await syncFolder(folder).catch(absent);
    },

    async *list() {
      for (const folder of await readdir(root))
        for (const address of folder === 'incoming' ? [] : await readdir(join(root, folder))) {
          const at = await storedAt(address);
          if (at !== undefined) yield { address, storedAt: at, drawn: parentOf(address) !== undefined };
        }
    },

    async reseal(address) {
      const before = await storedAt(address);
      const id = before === undefined ? undefined : await keyIdAt(pathOf(address));
      if (before === undefined || id === undefined || id === (await keys.blobs.active()).id) return id;
      const sealed = await readWhole(pathOf(address));
      if (!sealed) return undefined;
      const plain = await openSealed(sealed, address, keys.blobs, addressKey);
      const { temporary, discard } = await write([plain]);
      try {
        // As old as it was: should it have been deleted at this very moment, the next sweep finds it at once.
        await utimes(temporary, new Date(), new Date(before));
        if ((await storedAt(address)) === before) await place(temporary, address);
        else await discard();
      } catch (error) {
        await discard().catch(() => undefined);
        throw error;
      }
      return id;
    },

    async discardAbandoned(before) {
      let discarded = 0;
      for (const name of await readdir(incoming)) {
        const written = writtenAt(join(incoming, name));
        if (written === undefined || written >= before) continue;
        await unlink(join(incoming, name)).catch(absent);
        discarded += 1;
      }
      return discarded;
    },
  };
}

async function writeSealed(
  file: number,
  source: Iterable<Buffer> | AsyncIterable<Buffer>,
  sealing: ReturnType<typeof sealer>,
) {
  let waiting: Uint8Array[] = [sealing.head];
  let size = 0;
  for await (const chunk of source) {
    waiting.push(sealing.seal(chunk));
    size += chunk.length;
    if (size < WRITTEN_AT_ONCE) continue;
    await writeAll(file, Buffer.concat(waiting));
    waiting = [];
    size = 0;
  }
  const { tail, address, bytes } = sealing.end();
  await writeAll(file, Buffer.concat([...waiting, tail]));
  return { address, bytes };
}

async function keyIdAt(path: string): Promise<string | undefined> {
  const head = await readWhole(path, HEAD_BYTES);
  return head && keyIdOf(head);
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  throw storageFault(error);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
