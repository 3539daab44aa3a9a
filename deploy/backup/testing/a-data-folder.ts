import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { openDatabase } from '#common/sqlite.ts';

/** A data folder with images, their keys and a database that names them, and places for a backup and what is restored. */
export async function aDataFolder() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'backup-'));
  const dataDir = join(folder.path, 'data');
  const db = openDatabase(join(dataDir, 'imaging.sqlite'));
  db.exec('CREATE TABLE radiographs (address TEXT) STRICT');
  const blobs = await openFolderBlobStore(dataDir, await openKeys(dataDir));
  const contents = new Map<string, Buffer>();
  const places = {
    dataDir,
    backup: join(folder.path, 'backup'),
    backupOfKeys: join(folder.path, 'backup-of-keys'),
  };
  return {
    ...{ root: folder.path, places, blobs, contents, db },
    async add(count: number) {
      for (let i = 0; i < count; i += 1) {
        const bytes = randomBytes(3_000);
        const { address } = await blobs.put([bytes]);
        db.prepare('INSERT INTO radiographs VALUES (?)').run(address);
        contents.set(address, bytes);
      }
    },
    restored: { ...places, dataDir: join(folder.path, 'restored') },
    async [Symbol.asyncDispose]() {
      db.close();
      await folder.remove();
    },
  };
}

/** What a restored folder holds: the bytes of each radiograph that its database names. */
export async function radiographsIn(dataDir: string) {
  using db = openDatabase(join(dataDir, 'imaging.sqlite'));
  const blobs = await openFolderBlobStore(dataDir, await openKeys(dataDir));
  const found = new Map<string, Buffer | undefined>();
  for (const { address } of db.prepare('SELECT address FROM radiographs').all())
    found.set(String(address), await blobs.get(String(address)));
  return found;
}

/** The paths of all files under a folder; none when there is no such folder. */
export const filesIn = (folder: string) =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
