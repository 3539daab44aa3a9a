import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { keysFolder, openKeys } from '#common/keys.ts';
import { copyDurably, imagesIn, isEmpty, mirrorImages, namesIn } from './copied-files.ts';
import { digestOf, removeManifest, writeManifest } from './manifest.ts';

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
 *  copied, and what was deleted goes. Killed in between, it leaves a folder that is no whole backup and can be gone over
 *  again.
 *  @throws Error when the folder holds something else */
export async function backUp(places: Places): Promise<BackedUp> {
  const { dataDir, backup: to, backupOfKeys, keysDir = keysFolder(dataDir) } = places;
  if (!(await isEmpty(to)) && !(await namesIn(to)).includes(MARK))
    throw new Error('Expected an empty folder for the backup, or an earlier backup');
  await mkdir(join(to, 'blobs'), { recursive: true, mode: 0o700 });
  await mkdir(backupOfKeys, { recursive: true, mode: 0o700 });
  await (await open(join(to, MARK), 'w', 0o600)).close();
  await removeManifest(to);
  const startedAt = new Date().toISOString();
  const databases: Record<string, string> = {};
  for (const name of (await namesIn(dataDir)).filter((file) => file.endsWith('.sqlite')))
    databases[name] = await copyDatabase(join(dataDir, name), join(to, name));
  const copied = await mirrorImages(join(dataDir, 'blobs'), join(to, 'blobs'));
  for (const name of await keyFiles(keysDir))
    await copyDurably(join(keysDir, name), join(backupOfKeys, name));
  const unreadable = await unreadableAmong(copied, to, backupOfKeys);
  const images = (await imagesIn(join(to, 'blobs'))).size;
  await writeManifest(to, { format: 1, startedAt, databases, images });
  return { images, copied: copied.length, unreadable };
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

/** What is being written has no name yet that a start would take for a key. */
export const keyFiles = async (folder: string) =>
  (await namesIn(folder)).filter((name) => /\.(key|pub)$/.test(name));

/** @returns the SHA-256 of the copy, one file without a log beside it
 *  @throws Error when the database is damaged */
async function copyDatabase(from: string, to: string): Promise<string> {
  const temporary = `${to}.new`;
  await rm(temporary, { force: true });
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
