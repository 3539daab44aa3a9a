import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { keyIdOf } from './blob-envelope.ts';
import type { KeptBlobStore } from './blob-store.ts';
import { FIRST_KEY } from './key-ring.ts';

/** A place of its own for blobs, as a test sees it from outside. */
export type BlobPlace = AsyncDisposable & {
  readonly blobs: KeptBlobStore;
  /** A further store over the same place, as another process has. */
  open(): Promise<KeptBlobStore>;
  /** A store over the same place with other keys. */
  openWithOtherKeys(): Promise<KeptBlobStore>;
  /** The encrypted bytes at an address, and a way to change them behind the store's back. */
  read(address: string): Promise<Buffer>;
  write(address: string, sealed: Buffer): Promise<void>;
  /** All that lies there, also what is only staged. */
  count(): Promise<number>;
  /** Adds a key of blobs and makes it the active one. @returns its id */
  rotate(): Promise<string>;
};

export function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

const A_RADIOGRAPH = Buffer.from('a radiograph');

/** What any store of blobs does. */
export function blobStoreCases(aPlace: () => Promise<BlobPlace>): void {
  test.each([0, 1, 5_000_000])(
    '%i bytes come back as they went in, in whatever chunks they came',
    async (length) => {
      await using place = await aPlace();
      const bytes = randomBytes(length);
      const whole = await place.blobs.put([bytes]);
      const parts = await place.blobs.put(inChunks(bytes, 65_521));
      expect(parts).toEqual(whole);
      expect(whole).toEqual({ address: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: length });
      expect((await place.blobs.get(whole.address))?.equals(bytes)).toBe(true);
    },
  );

  test('equal bytes are stored once', async () => {
    await using place = await aPlace();
    const first = await place.blobs.put([A_RADIOGRAPH]);
    const second = await place.blobs.put([Buffer.from('a radio'), Buffer.alloc(0), Buffer.from('graph')]);
    expect(second).toEqual(first);
    expect(await place.count()).toBe(1);
  });

  test('a source that fails leaves nothing behind, and its fault is the one that is told', async () => {
    await using place = await aPlace();
    async function* torn() {
      yield randomBytes(200_000);
      throw new Error('the sender is gone');
    }
    await expect(place.blobs.put(torn())).rejects.toThrow('the sender is gone');
    expect(await place.count()).toBe(0);
  });

  test('a flipped byte is found out, wherever it is', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    const sound = await place.read(address);
    for (let at = 0; at < sound.length; at += 1) {
      const flipped = Buffer.from(sound);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await place.write(address, flipped);
      await expect(place.blobs.get(address), `byte ${at}`).rejects.toThrow();
    }
  });

  test('a cut blob is found out, however much of it is left', async () => {
    await using place = await aPlace();
    const { address, bytes } = await place.blobs.put([A_RADIOGRAPH]);
    const sound = await place.read(address);
    expect(sound.length).toBe(4 + 8 + 12 + bytes + 16);
    for (let left = sound.length - 1; left > 0; left -= 1) {
      await place.write(address, sound.subarray(0, left));
      await expect(place.blobs.get(address), `${left} bytes left`).rejects.toThrow();
    }
  });

  test('a sound blob under another address is found out', async () => {
    await using place = await aPlace();
    const one = await place.blobs.put([Buffer.from('one patient')]);
    const other = await place.blobs.put([Buffer.from('another patient')]);
    for (const wrong of [other.address, 'ab'.repeat(32)]) {
      await place.write(wrong, await place.read(one.address));
      await expect(place.blobs.get(wrong)).rejects.toThrow('another address');
    }
  });

  test('to store damaged bytes again makes them whole', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    await place.write(address, Buffer.from('damaged'));
    await place.blobs.put([A_RADIOGRAPH]);
    expect(await place.blobs.get(address)).toEqual(A_RADIOGRAPH);
  });

  test('neither the plain bytes nor their hash lie there, and equal bytes never look equal', async () => {
    await using place = await aPlace();
    const bytes = Buffer.from('the name of a patient, and a picture of her lungs');
    const { address } = await place.blobs.put([bytes]);
    const sealed = await place.read(address);
    expect(sealed.includes('patient')).toBe(false);
    expect(address).not.toBe(createHash('sha256').update(bytes).digest('hex'));
    await place.blobs.put([bytes]);
    expect((await place.read(address)).equals(sealed)).toBe(false);
  });

  test('other keys give another address and cannot read the blob', async () => {
    await using place = await aPlace();
    const stranger = await place.openWithOtherKeys();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    expect((await stranger.put([A_RADIOGRAPH])).address).not.toBe(address);
    await expect(stranger.get(address)).rejects.toThrow();
  });

  test('a store that is opened again has what it had', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    expect(await (await place.open()).get(address)).toEqual(A_RADIOGRAPH);
  });

  test('an address that is unknown or malformed names nothing', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    const malformed = [
      ...[
        '',
        'a',
        '..',
        '../keys/master.key',
        `../${address}`,
        `${address}/`,
        `${address}\n`,
        `${address}\0`,
      ],
      ...[address.toUpperCase().replace(/^/, 'A').slice(0, 64), address.slice(1), `${address}0`],
      ...[`${address}.`, `.${address}`, `${address}.${address}.${address}`],
    ];
    for (const wrong of ['0'.repeat(64), ...malformed]) {
      expect(await place.blobs.get(wrong)).toBeUndefined();
      expect(await place.blobs.storedAt(wrong)).toBeUndefined();
      await place.blobs.delete(wrong);
    }
    expect(await place.blobs.get(address)).toBeDefined();
  });

  test('what is deleted is gone, and to delete it again is no fault', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    await place.blobs.delete(address);
    await place.blobs.delete(address);
    expect(await place.blobs.get(address)).toBeUndefined();
    expect(await place.count()).toBe(0);
  });

  test('what is drawn from a blob lies beside it and goes with it, and nothing else does', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    const other = await place.blobs.put([Buffer.from('another radiograph')]);
    const drawn = [];
    for (const picture of ['a heatmap', 'another heatmap'])
      drawn.push(await place.blobs.put([Buffer.from(picture)], address));
    const ofOther = await place.blobs.put([Buffer.from('a heatmap')], other.address);
    expect(drawn[0]?.address).toMatch(new RegExp(`^${address}\\.[0-9a-f]{64}$`));
    expect(String(await place.blobs.get(drawn[1]?.address ?? ''))).toBe('another heatmap');
    await place.blobs.delete(address);
    for (const { address } of drawn) expect(await place.blobs.get(address)).toBeUndefined();
    expect(String(await place.blobs.get(ofOther.address))).toBe('a heatmap');
    expect(await place.count()).toBe(2);
    // Drawn by one who began before the deletion: it is there, and nobody can read it.
    const late = await place.blobs.put([Buffer.from('a late heatmap')], address);
    expect(await place.blobs.get(late.address)).toBeUndefined();
  });

  test('fifty at once are all stored, equal ones once', async () => {
    await using place = await aPlace();
    const contents = Array.from({ length: 50 }, (_, i) => Buffer.alloc(20_000, `radiograph ${i % 25}`));
    const stored = await Promise.all(contents.map((bytes) => place.blobs.put(inChunks(bytes, 777))));
    expect(await place.count()).toBe(25);
    const back = await Promise.all(stored.map(({ address }) => place.blobs.get(address)));
    expect(back).toEqual(contents);
  });

  test('staged bytes are nowhere until they are kept, and gone when they are discarded', async () => {
    await using place = await aPlace();
    const unwanted = await place.blobs.stage([A_RADIOGRAPH]);
    expect(await place.blobs.get(unwanted.address)).toBeUndefined();
    await unwanted.discard();
    expect(await place.count()).toBe(0);
    const wanted = await place.blobs.stage([A_RADIOGRAPH]);
    await wanted.keep();
    expect(await place.blobs.get(wanted.address)).toEqual(A_RADIOGRAPH);
    // The same bytes once more, of somebody who breaks off: what is stored stays.
    await (await place.blobs.stage([A_RADIOGRAPH])).discard();
    expect(await place.blobs.get(wanted.address)).toEqual(A_RADIOGRAPH);
    expect(await place.count()).toBe(1);
  });

  test('every blob is listed with the time at which it was stored last, and nothing that is only staged', async () => {
    await using place = await aPlace();
    // Servers tell whole seconds.
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    const one = await place.blobs.put([Buffer.from('one')]);
    const two = await place.blobs.put([Buffer.from('two')], one.address);
    const staged = await place.blobs.stage([Buffer.from('three')]);
    const listed = await allOf(place.blobs.list());
    expect(listed.map(({ address }) => address).sort()).toEqual([one.address, two.address].sort());
    for (const { address, storedAt } of listed) {
      expect(storedAt).toBeGreaterThanOrEqual(before);
      expect(storedAt).toBeLessThan(Date.now() + 1_000);
      const read = await place.blobs.storedAt(address);
      expect(Math.abs((read ?? 0) - storedAt)).toBeLessThan(1_000);
    }
    await staged.discard();
  });

  test('after a rotation new blobs are under the new key, and old ones are read as before', async () => {
    await using place = await aPlace();
    const old = await place.blobs.put([Buffer.from('an old one')]);
    const id = await place.rotate();
    const young = await place.blobs.put([Buffer.from('a new one')]);
    expect(keyIdOf(await place.read(old.address))).toBe(FIRST_KEY);
    expect(keyIdOf(await place.read(young.address))).toBe(id);
    for (const store of [place.blobs, await place.open()]) {
      expect(String(await store.get(old.address))).toBe('an old one');
      expect(String(await store.get(young.address))).toBe('a new one');
    }
    // The address stays: the same bytes are still stored once.
    expect((await place.blobs.put([Buffer.from('an old one')])).address).toBe(old.address);
    expect(await place.count()).toBe(2);
  });

  test('an old blob is encrypted anew once, and one that is not there stays away', async () => {
    await using place = await aPlace();
    const { address } = await place.blobs.put([A_RADIOGRAPH]);
    const drawn = await place.blobs.put([Buffer.from('a heatmap')], address);
    expect(await place.blobs.reseal(address)).toBe(FIRST_KEY);
    expect(keyIdOf(await place.read(address))).toBe(FIRST_KEY);
    const id = await place.rotate();
    for (const one of [address, drawn.address]) {
      expect(await place.blobs.reseal(one)).toBe(FIRST_KEY);
      expect(await place.blobs.reseal(one)).toBe(id);
      expect(keyIdOf(await place.read(one))).toBe(id);
    }
    expect(await place.blobs.get(address)).toEqual(A_RADIOGRAPH);
    expect(String(await place.blobs.get(drawn.address))).toBe('a heatmap');
    expect(await place.blobs.reseal('0'.repeat(64))).toBeUndefined();
    expect(await place.count()).toBe(2);
  });
}
