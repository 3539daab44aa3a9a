import { createHash, randomBytes } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolderBlobStore } from './folder-blob-store.ts';
import { openKeys } from './keys.ts';

async function aStore() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'blobs-'));
  const root = join(folder.path, 'blobs');
  return {
    blobs: await openFolderBlobStore(folder.path, await openKeys(folder.path)),
    dataDir: folder.path,
    pathOf: (address: string) => join(root, address.slice(0, 2), address),
    async files() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    },
    incoming: () => readdir(join(root, 'incoming')),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([0, 1, 5_000_000])(
  '%i bytes come back as they went in, in whatever chunks they came',
  async (length) => {
    await using store = await aStore();
    const bytes = randomBytes(length);
    const whole = await store.blobs.put([bytes]);
    const parts = await store.blobs.put(inChunks(bytes, 65_521));
    expect(parts).toEqual(whole);
    expect(whole).toEqual({ address: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: length });
    expect((await store.blobs.get(whole.address))?.equals(bytes)).toBe(true);
  },
);

test('equal bytes are stored once, and the file is for its owner alone', async () => {
  await using store = await aStore();
  const first = await store.blobs.put([Buffer.from('a radiograph')]);
  const second = await store.blobs.put([Buffer.from('a radio'), Buffer.alloc(0), Buffer.from('graph')]);
  expect(second).toEqual(first);
  expect(await store.files()).toEqual([store.pathOf(first.address)]);
  expect((await stat(store.pathOf(first.address))).mode & 0o777).toBe(0o600);
});

test('a source that fails leaves nothing behind, and its fault is the one that is told', async () => {
  await using store = await aStore();
  async function* torn() {
    yield randomBytes(200_000);
    throw new Error('the sender is gone');
  }
  await expect(store.blobs.put(torn())).rejects.toThrow('the sender is gone');
  expect(await store.incoming()).toEqual([]);
  expect(await store.files()).toEqual([]);
});

test('a flipped byte is found out, wherever it is', async () => {
  await using store = await aStore();
  const { address } = await store.blobs.put([Buffer.from('a radiograph')]);
  const path = store.pathOf(address);
  const sound = await readFile(path);
  for (let at = 0; at < sound.length; at += 1) {
    const flipped = Buffer.from(sound);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await writeFile(path, flipped);
    await expect(store.blobs.get(address), `byte ${at}`).rejects.toThrow();
  }
});

test('a cut file is found out, however much of it is left', async () => {
  await using store = await aStore();
  const { address, bytes } = await store.blobs.put([Buffer.from('a radiograph')]);
  const { size } = await stat(store.pathOf(address));
  expect(size).toBe(4 + 12 + bytes + 16);
  for (let left = size - 1; left >= 0; left -= 1) {
    await truncate(store.pathOf(address), left);
    await expect(store.blobs.get(address), `${left} bytes left`).rejects.toThrow();
  }
});

test('a sound file under another address is found out', async () => {
  await using store = await aStore();
  const one = await store.blobs.put([Buffer.from('one patient')]);
  const other = await store.blobs.put([Buffer.from('another patient')]);
  await copyFile(store.pathOf(one.address), store.pathOf(other.address));
  await expect(store.blobs.get(other.address)).rejects.toThrow('another address');
  const nobody = 'ab'.repeat(32);
  await mkdir(dirname(store.pathOf(nobody)), { recursive: true });
  await copyFile(store.pathOf(one.address), store.pathOf(nobody));
  await expect(store.blobs.get(nobody)).rejects.toThrow('another address');
});

test('to store damaged bytes again makes them whole', async () => {
  await using store = await aStore();
  const bytes = Buffer.from('a radiograph');
  const { address } = await store.blobs.put([bytes]);
  await truncate(store.pathOf(address), 9);
  await store.blobs.put([bytes]);
  expect(await store.blobs.get(address)).toEqual(bytes);
});

test('neither the plain bytes nor their hash are on the disk, and equal bytes never look equal there', async () => {
  await using store = await aStore();
  const bytes = Buffer.from('the name of a patient, and a picture of her lungs');
  const { address } = await store.blobs.put([bytes]);
  const sealed = await readFile(store.pathOf(address));
  expect(sealed.includes('patient')).toBe(false);
  expect(address).not.toBe(createHash('sha256').update(bytes).digest('hex'));
  await store.blobs.put([bytes]);
  expect((await readFile(store.pathOf(address))).equals(sealed)).toBe(false);
});

test('another data folder gives another address and cannot read the file', async () => {
  await using here = await aStore();
  await using there = await aStore();
  const bytes = Buffer.from('a radiograph');
  const mine = await here.blobs.put([bytes]);
  const theirs = await there.blobs.put([bytes]);
  expect(theirs.address).not.toBe(mine.address);
  await mkdir(dirname(there.pathOf(mine.address)), { recursive: true });
  await copyFile(here.pathOf(mine.address), there.pathOf(mine.address));
  await expect(there.blobs.get(mine.address)).rejects.toThrow();
});

test('a store that is opened again has what it had', async () => {
  await using store = await aStore();
  const { address } = await store.blobs.put([Buffer.from('a radiograph')]);
  const again = await openFolderBlobStore(store.dataDir, await openKeys(store.dataDir));
  expect(String(await again.get(address))).toBe('a radiograph');
});

test('an address that is unknown or malformed names nothing', async () => {
  await using store = await aStore();
  const { address } = await store.blobs.put([Buffer.from('a radiograph')]);
  const malformed = [
    ...['', 'a', '..', '../keys/master.key', `../${address}`, `${address}/`, `${address}\n`, `${address}\0`],
    ...[address.toUpperCase().replace(/^/, 'A').slice(0, 64), address.slice(1), `${address}0`],
  ];
  for (const wrong of ['0'.repeat(64), ...malformed]) {
    expect(await store.blobs.get(wrong)).toBeUndefined();
    await store.blobs.delete(wrong);
  }
  expect(await store.blobs.get(address)).toBeDefined();
});

test('what is deleted is gone, and to delete it again is no fault', async () => {
  await using store = await aStore();
  const { address } = await store.blobs.put([Buffer.from('a radiograph')]);
  await store.blobs.delete(address);
  await store.blobs.delete(address);
  expect(await store.blobs.get(address)).toBeUndefined();
  expect(await store.files()).toEqual([]);
});

test('fifty at once are all stored, equal ones once', async () => {
  await using store = await aStore();
  const contents = Array.from({ length: 50 }, (_, i) => Buffer.alloc(20_000, `radiograph ${i % 25}`));
  const stored = await Promise.all(contents.map((bytes) => store.blobs.put(inChunks(bytes, 777))));
  expect(await store.files()).toHaveLength(25);
  expect(await store.incoming()).toEqual([]);
  const back = await Promise.all(stored.map(({ address }) => store.blobs.get(address)));
  expect(back).toEqual(contents);
});

test('staged bytes are nowhere until they are kept, and gone when they are discarded', async () => {
  await using store = await aStore();
  const bytes = Buffer.from('a radiograph');
  const unwanted = await store.blobs.stage([bytes]);
  expect(await store.blobs.get(unwanted.address)).toBeUndefined();
  await unwanted.discard();
  expect(await store.files()).toEqual([]);
  const wanted = await store.blobs.stage([bytes]);
  await wanted.keep();
  expect(await store.blobs.get(wanted.address)).toEqual(bytes);
  // The same bytes once more, of somebody who breaks off: what is stored stays.
  await (await store.blobs.stage([bytes])).discard();
  expect(await store.blobs.get(wanted.address)).toEqual(bytes);
  expect(await store.incoming()).toEqual([]);
});

test('what a killed process left half written is swept away after a day', async () => {
  await using store = await aStore();
  const young = await store.blobs.stage([Buffer.from('under way')]);
  const old = join(store.dataDir, 'blobs/incoming', 'f'.repeat(32));
  await writeFile(old, 'half');
  const yesterday = Date.now() / 1_000 - 25 * 60 * 60;
  await utimes(old, yesterday, yesterday);
  await openFolderBlobStore(store.dataDir, await openKeys(store.dataDir));
  expect(await store.incoming()).toHaveLength(1);
  await young.keep();
  expect(await store.blobs.get(young.address)).toEqual(Buffer.from('under way'));
});
