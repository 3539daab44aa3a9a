import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder `<base>/<model>/<integer version>`. */
export type VersionFolder = {
  readonly model: string;
  readonly version: number;
  readonly path: string;
  /** Names, sizes and times of its files: another value means other files. */
  readonly content: string;
  /** Whether nobody seems to be writing it. */
  readonly settled: boolean;
};

/** A folder is settled when two looks in a row saw the same, or when its last change is this long ago. */
const SETTLED_MS = 2_000;

/** @returns a look at the version folders under `base`, which remembers the one before
 *  @throws Error when a folder cannot be read */
export function versionFolders(base: string): () => Promise<VersionFolder[]> {
  let before = new Map<string, string>();
  return async () => {
    const seen = new Map<string, string>();
    const folders: VersionFolder[] = [];
    for (const model of await readdir(base)) {
      for (const name of await entriesOf(join(base, model))) {
        const version = Number(name);
        if (!/^\d+$/.test(name) || !Number.isSafeInteger(version)) continue;
        const path = join(base, model, name);
        const { content, changedAt } = await contentOf(path);
        seen.set(path, content);
        const settled = before.get(path) === content || changedAt < Date.now() - SETTLED_MS;
        folders.push({ model, version, path, content, settled });
      }
    }
    before = seen;
    return folders;
  };
}

/** What is no folder, or has gone, has no entries; a volume that fails is an error, so that nothing is unloaded. */
async function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function contentOf(path: string): Promise<{ content: string; changedAt: number }> {
  const names = (await entriesOf(path)).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, file: await stat(join(path, name)).catch(() => undefined) })),
  );
  return {
    content: files.map(({ name, file }) => `${name} ${file?.ino} ${file?.size} ${file?.mtimeMs}`).join('\n'),
    changedAt: Math.max(0, ...files.map(({ file }) => file?.ctimeMs ?? 0)),
  };
}
