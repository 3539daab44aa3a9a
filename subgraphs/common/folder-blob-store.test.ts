import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtempDisposable, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BlobPlace, blobStoreCases } from './blob-store-cases.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';
import { addBlobKey } from './key-ring.ts';
import { keysFolder, openKeys } from './keys.ts';
import { linesUntilKilled } from './testing/killed-process.ts';

type FolderPlace = BlobPlace & { dataDir: string; pathOf(address: string): string };

async function aPlace(): Promise<FolderPlace> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'blobs-'));
  const dataDir = folder.path;
  const open = async () => openFolderBlobStore(dataDir, await openKeys(dataDir));
  const pathOf = (address: string) => join(dataDir, 'blobs', address.slice(0, 2), address);
  return {
    blobs: await open(),
    dataDir,
    open,
    openWithOtherKeys: async () => openFolderBlobStore(dataDir, await openKeys(join(dataDir, 'others'))),
    pathOf,
    read: (address) => readFile(pathOf(address)),
    async write(address, sealed) {
      await mkdir(dirname(pathOf(address)), { recursive: true });
      await writeFile(pathOf(address), sealed);
    },
    async count() {
      const entries = await readdir(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    },
    rotate: () => addBlobKey(keysFolder(dataDir), Date.now()),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

describe('blobs in a folder', () => blobStoreCases(aPlace));

test('a file of a blob is for its owner alone', async () => {
  await using place = await aPlace();
  const { address } = await place.blobs.put([Buffer.from('a radiograph')]);
  expect((await stat(place.pathOf(address))).mode & 0o777).toBe(0o600);
});

test('a blob of the time before keys could rotate is read, and encrypted anew', async () => {
  await using place = await aPlace();
  const bytes = Buffer.from('a radiograph of last year');
  const master = await readFile(join(keysFolder(place.dataDir), 'master.key'));
  const derived = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', master, '', `radiograph/${purpose}`, 32));
  const address = createHmac('sha256', derived('blob-address')).update(bytes).digest('hex');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derived('blob-encryption'), iv);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  await place.write(address, Buffer.concat([Buffer.from('RGB1'), iv, sealed, cipher.getAuthTag()]));
  expect(await place.blobs.get(address)).toEqual(bytes);
  await place.rotate();
  await place.blobs.reseal(address);
  expect((await place.read(address)).subarray(0, 4)).toEqual(Buffer.from('RGB2'));
  expect(await place.blobs.get(address)).toEqual(bytes);
});

test('a blob that is encrypted anew is as old as before', async () => {
  await using place = await aPlace();
  const { address } = await place.blobs.put([Buffer.from('a radiograph')]);
  await utimes(place.pathOf(address), 1_000, 1_000);
  await place.rotate();
  await place.blobs.reseal(address);
  expect(await place.blobs.storedAt(address)).toBe(1_000_000);
});

test('what a killed process staged is discarded when it is old, and what is under way is not', async () => {
  await using place = await aPlace();
  const young = await place.blobs.stage([Buffer.from('under way')]);
  const old = join(place.dataDir, 'blobs/incoming', 'f'.repeat(32));
  await writeFile(old, 'half');
  await utimes(old, 1_000, 1_000);
  expect(await place.blobs.discardAbandoned(Date.now() - 60_000)).toBe(1);
  await young.keep();
  expect(await place.blobs.get(young.address)).toEqual(Buffer.from('under way'));
  expect(await place.count()).toBe(1);
});

test('whenever a process that stores is killed, what it had acknowledged is whole', async () => {
  await using place = await aPlace();
  const content = (round: number, i: number) => Buffer.alloc(150_000, `radiograph ${round}/${i}`);
  for (let round = 0; round < 6; round += 1) {
    const program = `
      const { openFolderBlobStore } = await import(${moduleHere('folder-blob-store.ts')});
      const { openKeys } = await import(${moduleHere('keys.ts')});
      const blobs = await openFolderBlobStore(${JSON.stringify(place.dataDir)}, await openKeys(${JSON.stringify(place.dataDir)}));
      const put = async (i) => {
        const { address } = await blobs.put([Buffer.alloc(150_000, 'radiograph ${round}/' + i)]);
        process.stdout.write(i + ' ' + address + '\\n');
      };
      for (let i = 0; ; i += 4) await Promise.all([put(i), put(i + 1), put(i + 2), put(i + 3)]);`;
    const lines = await linesUntilKilled(program, 5 + round * 7);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) {
      const [i = '', address = ''] = line.split(' ');
      expect((await place.blobs.get(address))?.equals(content(round, Number(i)))).toBe(true);
    }
  }
  for await (const { address } of place.blobs.list()) expect(await place.blobs.get(address)).toBeDefined();
  await place.blobs.discardAbandoned(Date.now() + 1_000);
  expect(await readdir(join(place.dataDir, 'blobs/incoming'))).toEqual([]);
});

const moduleHere = (name: string) => JSON.stringify(join(import.meta.dirname, name));
