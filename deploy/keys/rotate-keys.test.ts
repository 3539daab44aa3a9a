import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempDisposable, readdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { keyIdOf } from '#common/blob-envelope.ts';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { addBlobKey, FIRST_KEY } from '#common/key-ring.ts';
import { keysFolder, openKeys } from '#common/keys.ts';
import { linesUntilKilled } from '#common/testing/killed-process.ts';
import { dropOldKeys, rewriteBlobs } from './rotate-keys.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const DAY_MS = 24 * 60 * 60_000;

async function aDataFolder() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'rotate-'));
  const dataDir = folder.path;
  const run = (...options: string[]) =>
    spawn(process.execPath, [MAIN, ...options], {
      env: { ...process.env, NODE_ENV: '', DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    dataDir,
    keys: keysFolder(dataDir),
    run,
    async told(...options: string[]) {
      const child = run(...options);
      const [out, faults] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { out, faults, code: child.exitCode };
    },
    async open() {
      const keys = await openKeys(dataDir);
      return { blobs: await openFolderBlobStore(dataDir, keys), ring: keys.blobs };
    },
    /** How many blobs are under each key. */
    async byKey() {
      const counts: Record<string, number> = {};
      for await (const { address } of (await this.open()).blobs.list()) {
        const sealed = await readFile(join(dataDir, 'blobs', address.slice(0, 2), address));
        const id = keyIdOf(sealed) ?? 'damaged';
        counts[id] = (counts[id] ?? 0) + 1;
      }
      return counts;
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

async function stored(blobs: Awaited<ReturnType<typeof openFolderBlobStore>>, count: number) {
  const contents = new Map<string, Buffer>();
  for (let i = 0; i < count; i += 1) {
    const bytes = randomBytes(2_000);
    contents.set((await blobs.put([bytes])).address, bytes);
  }
  return contents;
}

test('a key is added, old blobs are encrypted anew, and the old key is dropped when its time is over', async () => {
  await using folder = await aDataFolder();
  const { blobs } = await folder.open();
  const contents = await stored(blobs, 5);
  expect((await folder.told()).out).toMatch(/^Blobs are encrypted with the key [0-9a-f]{16} from /);
  for (const [address, bytes] of await stored(blobs, 5)) contents.set(address, bytes);
  const [first] = Object.keys(await folder.byKey()).filter((id) => id !== FIRST_KEY);
  expect(await folder.byKey()).toEqual({ [FIRST_KEY]: 5, [first ?? '']: 5 });
  await folder.told();
  expect((await folder.told('--rewrite')).out).toBe('10 blobs, 10 of them encrypted anew, 0 unreadable\n');
  expect((await folder.told('--rewrite')).out).toBe('10 blobs, 0 of them encrypted anew, 0 unreadable\n');
  expect(Object.values(await folder.byKey())).toEqual([10]);
  // Somebody may still be writing under it.
  expect((await folder.told('--drop-old')).out).toBe('Keys dropped: none\n');
  const { blobs: later, ring } = await folder.open();
  expect(await dropOldKeys(folder.keys, later, ring, Date.now() + DAY_MS + 1_000)).toEqual([first]);
  expect((await readdir(folder.keys)).filter((name) => name.startsWith('blob-'))).toHaveLength(1);
  // The store that was open all the time, and a new one.
  for (const store of [blobs, (await folder.open()).blobs])
    for (const [address, bytes] of contents) expect(await store.get(address)).toEqual(bytes);
});

test('no key is dropped while a blob needs it', async () => {
  await using folder = await aDataFolder();
  const { blobs, ring } = await folder.open();
  await addBlobKey(folder.keys, Date.now());
  const [address = ''] = (await stored(blobs, 1)).keys();
  await addBlobKey(folder.keys, Date.now() + 1);
  const path = join(folder.dataDir, 'blobs', address.slice(0, 2), address);
  // Under another address it cannot be read.
  await rename(
    path,
    join(folder.dataDir, 'blobs', address.slice(0, 2), `${address.slice(0, 2)}${'0'.repeat(62)}`),
  );
  const blobKeys = async () => (await readdir(folder.keys)).filter((name) => name.startsWith('blob-'));
  const before = await blobKeys();
  const { unreadable } = await rewriteBlobs(blobs, ring);
  expect(unreadable).toHaveLength(1);
  expect(await folder.told('--rewrite')).toMatchObject({
    code: 1,
    faults: expect.stringContaining('unreadable'),
  });
  await expect(dropOldKeys(folder.keys, blobs, ring, Date.now() + 2 * DAY_MS)).rejects.toThrow(
    'No key is dropped',
  );
  expect(await blobKeys()).toEqual(before);
});

test('a folder of keys is filled once, and the public half alone goes elsewhere', async () => {
  await using folder = await aDataFolder();
  const elsewhere = join(folder.dataDir, 'public');
  const fill = () => folder.told('--fill', '--public-to', elsewhere);
  expect(await fill()).toMatchObject({ code: 0, faults: '' });
  const names = ['gateway.key', 'gateway.pub', 'master.key'];
  const contents = () => Promise.all(names.map((name) => readFile(join(folder.keys, name), 'base64')));
  const before = await contents();
  // At each start of the containers.
  expect((await fill()).code).toBe(0);
  expect((await readdir(folder.keys)).sort()).toEqual(names);
  expect(await contents()).toEqual(before);
  expect(await readdir(elsewhere)).toEqual(['gateway.pub']);
  expect(await readFile(join(elsewhere, 'gateway.pub'), 'base64')).toBe(before[1]);
});

test('a rewriting process that is killed again and again loses nothing', { timeout: 60_000 }, async () => {
  await using folder = await aDataFolder();
  const { blobs } = await folder.open();
  const contents = await stored(blobs, 300);
  const id = await addBlobKey(folder.keys, Date.now());
  const at = (path: string) => JSON.stringify(join(import.meta.dirname, path));
  const program = `
    const { openFolderBlobStore } = await import(${at('../../subgraphs/common/folder-blob-store.ts')});
    const { openKeys } = await import(${at('../../subgraphs/common/keys.ts')});
    const { rewriteBlobs } = await import(${at('rotate-keys.ts')});
    const keys = await openKeys(${JSON.stringify(folder.dataDir)});
    const blobs = await openFolderBlobStore(${JSON.stringify(folder.dataDir)}, keys);
    const reseal = async (address) => {
      const before = await blobs.reseal(address);
      if (before === '${FIRST_KEY}') process.stdout.write(address + '\\n');
      return before;
    };
    await rewriteBlobs({ ...blobs, reseal }, keys.blobs);`;
  for (let round = 0; round < 6; round += 1) {
    const rewritten = await linesUntilKilled(program, 5 + 6 * round);
    expect((await folder.byKey())[id]).toBeGreaterThanOrEqual(rewritten.length);
    for (const [address, bytes] of contents) expect((await blobs.get(address))?.equals(bytes)).toBe(true);
  }
  expect((await folder.byKey())[FIRST_KEY]).toBeGreaterThan(0);
  expect((await folder.told('--rewrite')).code).toBe(0);
  expect(await folder.byKey()).toEqual({ [id]: 300 });
  await blobs.discardAbandoned(Date.now() + 1_000);
  expect(await readdir(join(folder.dataDir, 'blobs/incoming'))).toEqual([]);
});
