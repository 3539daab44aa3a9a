import { constants, copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HEAD_BYTES, isAddress, parentOf } from '#common/blob-envelope.ts';
import { syncFolder } from '#common/key-files.ts';

const AT_ONCE = 8;

/** Copies a file durably under a temporary name and renames it; a file system that can share the content does. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await rename(await copyBeside(from, to), to);
}

async function copyBeside(from: string, to: string): Promise<string> {
  const temporary = `${to}.new`;
  await copyFile(from, temporary, constants.COPYFILE_FICLONE);
  const file = await open(temporary, 'r+');
  await file.chmod(0o600);
  await file.sync();
  await file.close();
  return temporary;
}

/** Writes a file durably, as a whole or not at all. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile(content);
  await file.sync();
  await file.close();
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** The addresses of a folder of images. Heatmaps are left out: they are drawn again when somebody asks. */
export async function imagesIn(blobs: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of await foldersOf(blobs))
    for (const name of await namesIn(join(blobs, folder)))
      if (isAddress(name) && parentOf(name) === undefined) found.add(name);
  return found;
}

/** What a folder of images and its copy differ in, by addresses. */
export type Difference = {
  readonly same: readonly string[];
  readonly missing: readonly string[];
  /** Encrypted under another key. */
  readonly changed: readonly string[];
};

export async function differenceOf(from: string, to: string): Promise<Difference> {
  const there = await imagesIn(to);
  const [same, missing, changed]: [string[], string[], string[]] = [[], [], []];
  for (const address of await imagesIn(from)) {
    if (!there.has(address)) missing.push(address);
    else if (await sameHead(placeOf(from, address), placeOf(to, address))) same.push(address);
    else changed.push(address);
  }
  return { same, missing, changed };
}

/** Copies images that the copy does not have.
 *  @returns the addresses of those that were there to be copied */
export async function addImages(from: string, to: string, addresses: readonly string[]): Promise<string[]> {
  const added: string[] = [];
  const rest = addresses.values();
  const copyRest = async () => {
    for (const address of rest) {
      const copy = placeOf(to, address);
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await copyDurably(placeOf(from, address), copy).then(() => added.push(address), absent);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyRest));
  return added;
}

/** Copies images over those of the copy, some at a time.
 *  @param beforeEach is awaited before some take the place of the older ones
 *  @returns the addresses of those that were there to be copied */
export async function replaceImages(
  from: string,
  to: string,
  addresses: readonly string[],
  beforeEach: () => Promise<void>,
): Promise<string[]> {
  const replaced: string[] = [];
  for (let i = 0; i < addresses.length; i += AT_ONCE) {
    const some = addresses.slice(i, i + AT_ONCE);
    const copies = some.map((address) =>
      copyBeside(placeOf(from, address), placeOf(to, address)).then(() => address, absent),
    );
    const copied = (await Promise.all(copies)).filter((address) => address !== undefined);
    await beforeEach();
    for (const address of copied) await rename(`${placeOf(to, address)}.new`, placeOf(to, address));
    replaced.push(...copied);
  }
  return replaced;
}

/** Removes all but these images: others, and what was half written. */
export async function keepOnly(blobs: string, addresses: ReadonlySet<string>): Promise<void> {
  for (const folder of await foldersOf(blobs))
    for (const name of await namesIn(join(blobs, folder)))
      if (!addresses.has(name)) await rm(join(blobs, folder, name), { force: true });
}

export async function syncImages(blobs: string): Promise<void> {
  for (const folder of await foldersOf(blobs)) await syncFolder(join(blobs, folder));
  await syncFolder(blobs);
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

/** What is being written has no name yet that a start would take for a key. */
export const keyFiles = async (folder: string) =>
  (await namesIn(folder)).filter((name) => /\.(key|pub)$/.test(name));

const foldersOf = async (blobs: string) => (await namesIn(blobs)).filter((name) => name.length === 2);

const placeOf = (blobs: string, address: string) => join(blobs, address.slice(0, 2), address);

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
