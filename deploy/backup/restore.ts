import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { syncFolder } from '#common/key-files.ts';
import { RESTORING } from '#common/sqlite.ts';
import type { Places } from './backup.ts';
import { imagesIn, keyFiles, namesIn } from './copied-files.ts';
import { MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { buildFolder } from './restored-folder.ts';

export type Restored = { readonly startedAt: string; readonly images: number };

/** Within the data folder, which may be a mount point: nothing can be renamed from elsewhere into its place. */
const BUILDING = RESTORING;

/** Makes a data folder of a backup. All is built and checked beside its place, so that there is nothing when it fails; then
 *  it is moved, the databases last. Killed at any moment it goes on when it is done again.
 *  @throws Error when the data folder is not empty, the backup is not whole or damaged, or its keys do not fit */
export async function restore(places: Places): Promise<Restored> {
  const dataDir = resolve(places.dataDir);
  const manifest = await readManifest(places.backup);
  // Otherwise one would be made.
  if (!(await keyFiles(places.backupOfKeys)).includes('master.key'))
    throw new Error('Expected the keys of the backup: there is no master.key');
  const building = join(dataDir, BUILDING);
  const there = await namesIn(dataDir);
  if (there.includes(MANIFEST)) await expectSame(dataDir, manifest);
  else {
    // The root of a file system has `lost+found`.
    const may = [BUILDING, `${MANIFEST}.new`, 'lost+found', folderWithin(dataDir, places.keysDir)];
    if (there.some((name) => !may.includes(name))) throw new Error('Expected an empty data folder, or none');
    const isNew = (await mkdir(dataDir, { recursive: true, mode: 0o700 })) !== undefined;
    try {
      await buildFolder(building, places, manifest);
    } catch (error) {
      await rm(building, { recursive: true, force: true });
      if (isNew) await rmdir(dataDir).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(dataDir));
    // From here on a restore that is killed is not built again.
    await writeManifest(dataDir, manifest);
  }
  await moveUp(building, dataDir);
  await rm(join(dataDir, MANIFEST));
  return { startedAt: manifest.startedAt, images: (await imagesIn(join(dataDir, 'blobs'))).size };
}

/** Only one that is the same is ended: another may not be mixed into it. */
async function expectSame(dataDir: string, manifest: Manifest): Promise<void> {
  const begun = await readManifest(dataDir);
  if (!isDeepStrictEqual(begun, manifest))
    throw new Error(
      `Expected the backup of ${begun.startedAt}, whose restore was interrupted here, or an empty data folder`,
    );
}

/** Databases last: none names an image, or needs a key, that is not in its place yet. */
async function moveUp(building: string, dataDir: string): Promise<void> {
  const names = await namesIn(building);
  const there = await namesIn(dataDir);
  if (names.some((name) => there.includes(name)))
    throw new Error('Expected that nothing came into the data folder since its restore was interrupted');
  const databases = names.filter((name) => name.endsWith('.sqlite'));
  for (const some of [names.filter((name) => !databases.includes(name)), databases]) {
    for (const name of some) await rename(join(building, name), join(dataDir, name));
    await syncFolder(dataDir);
  }
  await rm(building, { recursive: true, force: true });
}

/** The name in a data folder of what holds the keys, where they lie in it. */
function folderWithin(dataDir: string, keysDir: string | undefined): string | undefined {
  const [first] = keysDir === undefined ? [] : relative(dataDir, resolve(keysDir)).split(sep);
  return first;
}
