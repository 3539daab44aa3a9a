import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { readIfThere, syncFolder } from '#common/key-files.ts';
import { keysFolder, openKeys } from '#common/keys.ts';
import {
  addImages,
  copyDurably,
  differenceOf,
  isEmpty,
  keepOnly,
  keyFiles,
  namesIn,
  replaceImages,
  syncImages,
  writeDurably,
} from './copied-files.ts';
import { databasesOf } from './data-folder.ts';
import { digestOf, readManifest, writeManifest } from './manifest.ts';

export type Places = {
  readonly dataDir: string;
  /** The folder of keys; within the data folder when it is not given. */
  readonly keysDir?: string | undefined;
  readonly backup: string;
  readonly backupOfKeys: string;
};

export type BackedUp = {
  readonly images: number;
  readonly copied: number;
  /** Addresses of images that cannot be read from the backup: they are damaged, or their key is gone. */
  readonly unreadable: readonly string[];
};

const ALL_PAGES = 2 ** 30;
/** Says that a folder is a backup of ours, whole or not, which may be written over. */
const MARK = 'radiograph.backup';

/** Copies the data folder of running or stopped services: the databases first, each as it was at one moment, then the
 *  images, then the keys, so that all that the databases name is there. Over an earlier backup only what changed is
 *  copied, and what was deleted goes.
 *
 *  Killed at any moment it leaves a backup that can be restored where there was one, and the next run ends what it began:
 *  until the manifest is replaced images are only added, or put under a newer key that is there already, and the
 *  databases lie beside the earlier ones.
 *  @throws Error when a folder holds something else, before anything is written */
export async function backUp(places: Places): Promise<BackedUp> {
  const { dataDir, backup: to, backupOfKeys, keysDir = keysFolder(dataDir) } = places;
  if (!(await isEmpty(to)) && !(await namesIn(to)).includes(MARK))
    throw new Error('Expected an empty folder for the backup, or an earlier backup');
  const earlier = await readManifest(to).catch(() => undefined);
  const databases = await databasesOf(dataDir, keysDir, earlier);
  await mkdir(to, { recursive: true, mode: 0o700 });
  await (await open(join(to, MARK), 'w', 0o600)).close();
  const state = earlier?.state === 'state-1' ? 'state-2' : 'state-1';
  const folder = join(to, state);
  await rm(folder, { recursive: true, force: true });
  for (const path of [folder, join(to, 'blobs'), backupOfKeys])
    await mkdir(path, { recursive: true, mode: 0o700 });

  const startedAt = new Date().toISOString();
  const files: Record<string, string> = {};
  for (const name of databases) files[name] = await copyDatabase(join(dataDir, name), join(folder, name));
  const [images, copies] = [join(dataDir, 'blobs'), join(to, 'blobs')];
  const { same, missing, changed } = await differenceOf(images, copies);
  const keys = () => copyKeys(keysDir, backupOfKeys);
  const copied = [
    ...(await addImages(images, copies, missing)),
    ...(await replaceImages(images, copies, changed, keys)),
  ];
  await keys();
  const unreadable = await unreadableAmong(copied, to, backupOfKeys);
  const held = new Set([...same, ...copied]);
  await writeDurably(join(folder, 'images'), [...held].map((address) => `${address}\n`).join(''));
  files.images = await digestOf(join(folder, 'images'));
  await syncImages(copies);
  await writeManifest(to, { format: 2, startedAt, state, files });

  await keepOnly(copies, held);
  if (earlier) await rm(join(to, earlier.state), { recursive: true, force: true });
  return { images: held.size, copied: copied.length, unreadable };
}

/** Of the addresses those that cannot be decrypted, or lie under another address than their own. */
export async function unreadableAmong(addresses: Iterable<string>, folder: string, keysDir: string) {
  const blobs = await openFolderBlobStore(folder, await openKeys(folder, keysDir));
  const unreadable: string[] = [];
  for (const address of addresses)
    await blobs.get(address).catch(() => {
      unreadable.push(address);
    });
  return unreadable;
}

/** Keys are added, never removed: images of an earlier backup may need those that were dropped since. */
async function copyKeys(from: string, to: string): Promise<void> {
  for (const name of await keyFiles(from)) {
    const [key, copy] = [await readFile(join(from, name)), await readIfThere(join(to, name))];
    if (copy?.equals(key)) continue;
    // All images of whoever has that one would be lost with it.
    if (copy && name === 'master.key')
      throw new Error('Expected another folder for the keys: this one has those of other images');
    await copyDurably(join(from, name), join(to, name));
  }
  await syncFolder(to);
}

/** @returns the SHA-256 of the copy, one file without a log beside it
 *  @throws Error when the database is damaged */
async function copyDatabase(from: string, to: string): Promise<string> {
  const temporary = `${to}.new`;
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    // In one step, so that it is the state of one moment however much is written meanwhile.
    await backup(source, temporary, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(temporary);
  const found = copy.prepare('PRAGMA integrity_check').all();
  copy.exec('PRAGMA journal_mode = DELETE');
  copy.close();
  if (found.length !== 1 || found[0]?.integrity_check !== 'ok')
    throw new Error('A database is damaged: its check finds faults');
  const file = await open(temporary, 'r+');
  await file.chmod(0o600);
  await file.sync();
  await file.close();
  await rename(temporary, to);
  return digestOf(to);
}
