import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addBlobKey, dropBlobKey, FIRST_KEY, openKeyRing } from './key-ring.ts';

const FIRST = Buffer.alloc(32, 1);

async function aFolder() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'ring-'));
  const clock = { now: 1_000_000_000_000 };
  const open = () => openKeyRing(folder.path, FIRST, () => clock.now);
  return { path: folder.path, clock, open, [Symbol.asyncDispose]: () => folder.remove() };
}

test('without a rotation the first key is the active one', async () => {
  await using folder = await aFolder();
  expect(await folder.open().active()).toEqual({ id: FIRST_KEY, from: 0, secret: FIRST });
});

test('a key that is added is seen by rings that are open, and by those opened later', async () => {
  await using folder = await aFolder();
  const ring = folder.open();
  await ring.active();
  const id = await addBlobKey(folder.path, folder.clock.now);
  for (const each of [ring, folder.open()]) {
    expect((await each.active()).id).toBe(id);
    expect((await each.find(id))?.secret).toHaveLength(32);
    expect((await each.find(FIRST_KEY))?.secret).toEqual(FIRST);
  }
});

test('a key for later can be read under at once, and is written under when its time has come', async () => {
  await using folder = await aFolder();
  const ring = folder.open();
  const id = await addBlobKey(folder.path, folder.clock.now + 60_000);
  expect((await ring.active()).id).toBe(FIRST_KEY);
  expect((await ring.find(id))?.id).toBe(id);
  folder.clock.now += 60_000;
  expect((await ring.active()).id).toBe(id);
});

test('two who rotate at once lose no key', async () => {
  await using folder = await aFolder();
  const ids = await Promise.all(Array.from({ length: 10 }, () => addBlobKey(folder.path, folder.clock.now)));
  const ring = folder.open();
  for (const id of ids) expect((await ring.find(id))?.id).toBe(id);
  expect(new Set((await ring.all()).map(({ secret }) => secret.toString('hex'))).size).toBe(11);
  // Every process takes the same one of them.
  expect((await folder.open().active()).id).toBe((await ring.active()).id);
});

test('a key that is dropped is gone, and a damaged one is told', async () => {
  await using folder = await aFolder();
  const id = await addBlobKey(folder.path, folder.clock.now);
  const key = await folder.open().find(id);
  if (key) await dropBlobKey(folder.path, key);
  expect(await folder.open().find(id)).toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
  await writeFile(join(folder.path, `blob-1000000000000-${'a'.repeat(16)}.key`), 'short');
  await expect(folder.open().active()).rejects.toThrow('expected 32 bytes');
});
