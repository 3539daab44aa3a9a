import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync } from './blob-files.ts';

/** Writes a file durably unless there is one: of several that come at once `link` lets exactly one win. */
export async function createKeyFile(path: string, content: Buffer | string, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(temporary);
  }
  await syncFolder(folder);
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** What was made, renamed or removed in a folder survives a crash only after this. */
export async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r');
  await sync(folder).finally(() => closeSync(folder));
}
