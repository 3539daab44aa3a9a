import { constants, copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HEAD_BYTES, isAddress, parentOf } from '#common/blob-envelope.ts';
import { syncFolder } from '#common/key-files.ts';

const AT_ONCE = 8;

/** Copies a file durably under a temporary name and renames it; a file system that can share the content does. */
export async function copyDurably(from: string, to: string): Promise<void> {
  const temporary = `${to}.new`;
  await copyFile(from, temporary, constants.COPYFILE_FICLONE);
  const file = await open(temporary, 'r+');
  await file.chmod(0o600);
  await file.sync();
  await file.close();
  await rename(temporary, to);
}

/** The addresses of a folder of images. Heatmaps are left out: they are drawn again when somebody asks. */
export async function imagesIn(blobs: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of await namesIn(blobs))
    for (const name of folder.length === 2 ? await namesIn(join(blobs, folder)) : [])
      if (isAddress(name) && parentOf(name) === undefined) found.add(name);
  return found;
}

/** Makes the images in `to` those of `from`: copies what is missing or encrypted under another key, removes what is
 *  gone. An image that is deleted meanwhile is left out.
 *  @returns the addresses of those that were copied */
export async function mirrorImages(from: string, to: string): Promise<string[]> {
  const wanted = await imagesIn(from);
  const there = await imagesIn(to);
  const pathIn = (root: string, address: string) => join(root, address.slice(0, 2), address);
  const copied: string[] = [];
  const rest = wanted.values();
  const copyRest = async () => {
    for (const address of rest) {
      const [source, copy] = [pathIn(from, address), pathIn(to, address)];
      if (there.has(address) && (await sameHead(source, copy))) continue;
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await copyDurably(source, copy).then(() => copied.push(address), absent);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyRest));
  for (const address of there) if (!wanted.has(address)) await rm(pathIn(to, address), { force: true });
  for (const folder of await namesIn(to)) if (folder.length === 2) await syncFolder(join(to, folder));
  await syncFolder(to);
  return copied;
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

/** The head of an encrypted blob names its key: content under one address and one key need not be copied twice. */
async function sameHead(one: string, other: string): Promise<boolean> {
  const [head, otherHead] = await Promise.all([headOf(one), headOf(other)]);
  return head !== undefined && otherHead !== undefined && head.equals(otherHead);
}

async function headOf(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch(absent);
  if (!file) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const { size } = await file.stat();
    return Buffer.concat([buffer.subarray(0, bytesRead), Buffer.from(String(size))]);
  } finally {
    await file.close();
  }
}

export async function isEmpty(folder: string): Promise<boolean> {
  return (await stat(folder).catch(absent)) === undefined || (await readdir(folder)).length === 0;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
