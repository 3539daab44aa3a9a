import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, syncFolder } from '#common/key-files.ts';
import { keysFolder } from '#common/keys.ts';
import { type Places, unreadableAmong } from './backup.ts';
import { addImages, copyDurably, keyFiles, syncImages } from './copied-files.ts';
import { digestOf, type Manifest } from './manifest.ts';

/** Makes a folder of all that a backup holds, and checks it.
 *  @throws Error when the backup is damaged, or its keys do not fit */
export async function buildFolder(folder: string, places: Places, manifest: Manifest): Promise<void> {
  const { keysDir, backup: from, backupOfKeys } = places;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'blobs'), { recursive: true, mode: 0o700 });
  for (const [name, digest] of Object.entries(manifest.files)) {
    await copyDurably(join(from, manifest.state, name), join(folder, name));
    if ((await digestOf(join(folder, name))) !== digest)
      throw new Error(`The backup is damaged: ${name} is not as it was written`);
  }
  const list = join(folder, 'images');
  const named = (await readFile(list, 'utf8')).split('\n').filter(Boolean);
  await rm(list);
  const images = await addImages(join(from, 'blobs'), join(folder, 'blobs'), named);
  if (images.length !== named.length)
    throw new Error(`The backup is damaged: expected ${named.length} images, got ${images.length}`);
  const unreadable = await unreadableAmong(images, folder, backupOfKeys);
  if (unreadable.length > 0)
    throw new Error(
      `${unreadable.length} of ${images.length} images are damaged, or these are not their keys`,
    );
  await syncImages(join(folder, 'blobs'));
  await restoreKeys(backupOfKeys, keysDir ?? keysFolder(folder));
  await syncFolder(folder);
}

/** A folder of keys that is shared may have them already; others than those of the backup are never overwritten. */
async function restoreKeys(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await keyFiles(from)) {
    const there = await readIfThere(join(to, name));
    if (there === undefined) await copyDurably(join(from, name), join(to, name));
    else if (!there.equals(await readFile(join(from, name))))
      throw new Error(`The folder of keys has another ${name} than the backup`);
  }
  await syncFolder(to);
}
