import { mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readIfThere, syncFolder } from '#common/key-files.ts';
import { keysFolder } from '#common/keys.ts';
import { type Places, unreadableAmong } from './backup.ts';
import { addImages, copyDurably, isEmpty, keyFiles, syncImages } from './copied-files.ts';
import { digestOf, readManifest } from './manifest.ts';

export type Restored = { readonly startedAt: string; readonly images: number };

/** Makes a data folder of a backup; the folder appears as a whole or not at all.
 *  @throws Error when the data folder is not empty, the backup is not whole or damaged, or its keys do not fit */
export async function restore({ dataDir, keysDir, backup: from, backupOfKeys }: Places): Promise<Restored> {
  if (!(await isEmpty(dataDir))) throw new Error('Expected an empty data folder, or none');
  const { startedAt, state, files } = await readManifest(from);
  // Otherwise one would be made.
  if (!(await keyFiles(backupOfKeys)).includes('master.key'))
    throw new Error('Expected the keys of the backup: there is no master.key');
  const building = `${resolve(dataDir)}.restoring`;
  await rm(building, { recursive: true, force: true });
  await mkdir(join(building, 'blobs'), { recursive: true, mode: 0o700 });
  for (const [name, digest] of Object.entries(files)) {
    await copyDurably(join(from, state, name), join(building, name));
    if ((await digestOf(join(building, name))) !== digest)
      throw new Error(`The backup is damaged: ${name} is not as it was written`);
  }
  const list = join(building, 'images');
  const named = (await readFile(list, 'utf8')).split('\n').filter(Boolean);
  await rm(list);
  const images = await addImages(join(from, 'blobs'), join(building, 'blobs'), named);
  if (images.length !== named.length)
    throw new Error(`The backup is damaged: expected ${named.length} images, got ${images.length}`);
  const unreadable = await unreadableAmong(images, building, backupOfKeys);
  if (unreadable.length > 0)
    throw new Error(
      `${unreadable.length} of ${images.length} images are damaged, or these are not their keys`,
    );
  await syncImages(join(building, 'blobs'));
  await restoreKeys(backupOfKeys, keysDir ?? keysFolder(building));
  await syncFolder(building);
  await rmdir(dataDir).catch(() => undefined);
  await rename(building, dataDir);
  await syncFolder(dirname(resolve(dataDir)));
  return { startedAt, images: images.length };
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
