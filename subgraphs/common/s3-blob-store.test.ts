import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { allOf, type BlobPlace, blobStoreCases, inChunks } from './blob-store-cases.ts';
import { addBlobKey } from './key-ring.ts';
import { keysFolder, openKeys } from './keys.ts';
import { openS3BlobStore } from './s3-blob-store.ts';
import { type S3Body, s3Bucket } from './s3-bucket.ts';
import { startBucket, type TestBucket } from './testing/bucket.ts';

/** Short enough for tests of repeated attempts. */
const PATIENCE = { silentMs: 1_000, transferMs: 5_000, firstPauseMs: 1 };

type S3Place = BlobPlace & Pick<TestBucket, 'faults' | 'requests'>;

async function aPlace(): Promise<S3Place> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 's3-')));
  const { settings, faults, requests } = stack.use(await startBucket());
  const dataDir = folder.path;
  const bucket = s3Bucket(settings, PATIENCE);
  const spool = join(dataDir, 'spool');
  const open = async (keys = dataDir) => openS3BlobStore(spool, bucket, await openKeys(keys));
  return {
    blobs: await open(),
    open,
    openWithOtherKeys: () => open(join(dataDir, 'others')),
    async read(address) {
      const object = await bucket.get(`blobs/${address}`);
      if (!object) throw new Error('There is no object');
      return object.bytes;
    },
    write: async (address, sealed) => void (await bucket.put(`blobs/${address}`, bodyOf(sealed))),
    async count() {
      expect(await readdir(spool)).toEqual([]);
      return (await allOf(bucket.list(''))).length;
    },
    rotate: () => addBlobKey(keysFolder(dataDir), Date.now()),
    faults,
    requests,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const bodyOf = (bytes: Buffer): S3Body => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  open: () => Readable.from([bytes]),
});

describe('blobs in a bucket', () => blobStoreCases(aPlace));

test('passing faults are not seen by the caller, whatever they hit', async () => {
  await using place = await aPlace();
  const bytes = randomBytes(300_000);
  place.faults.push(503, 'reset', 500);
  const { address } = await place.blobs.put(inChunks(bytes, 10_000));
  expect(place.requests).toHaveLength(4);
  place.faults.push('reset', 429);
  expect((await place.blobs.get(address))?.equals(bytes)).toBe(true);
  place.faults.push(502, 'reset');
  await place.blobs.delete(address);
  expect(await place.count()).toBe(0);
});

test('a bucket that stays away is told as OVERLOADED, and nothing stays behind', async () => {
  await using place = await aPlace();
  place.faults.push(503, 503, 'reset', 503);
  await expect(place.blobs.put([Buffer.from('a radiograph')])).rejects.toMatchObject({
    code: 'OVERLOADED',
    message: 'The image store cannot be reached; try again later',
  });
  expect(await place.count()).toBe(0);
});

test('a bucket that says nothing is asked again after a while', async () => {
  await using place = await aPlace();
  const { address } = await place.blobs.put([Buffer.from('a radiograph')]);
  place.faults.push('silence');
  expect(String(await place.blobs.get(address))).toBe('a radiograph');
  place.faults.push('silence', 'silence', 'silence', 'silence');
  await expect(place.blobs.get(address)).rejects.toMatchObject({ code: 'OVERLOADED' });
});

test('a full bucket is told as such at once', async () => {
  await using place = await aPlace();
  place.faults.push(507);
  await expect(place.blobs.put([Buffer.from('a radiograph')])).rejects.toMatchObject({
    code: 'OVERLOADED',
    message: 'The storage is full; try again later',
  });
  expect(place.requests).toHaveLength(1);
});

test('a bucket that is not there, or not ours, is a fault that names its code and nothing else', async () => {
  await using bucket = await startBucket();
  const elsewhere = s3Bucket({ ...bucket.settings, bucket: 'nowhere' }, PATIENCE);
  await expect(elsewhere.put('a', bodyOf(Buffer.from('a')))).rejects.toThrow('got 404 (NoSuchBucket)');
  await expect(elsewhere.get('a')).rejects.toThrow('got 404 (NoSuchBucket)');
  await expect(elsewhere.delete('a')).rejects.toThrow('got 404 (NoSuchBucket)');
  const stranger = s3Bucket({ ...bucket.settings, secretAccessKey: 'wrong' }, PATIENCE);
  await expect(stranger.put('a', bodyOf(Buffer.from('a')))).rejects.toThrow(
    'got 403 (SignatureDoesNotMatch)',
  );
});

test('a bucket is made once', async () => {
  await using store = await startBucket();
  const bucket = s3Bucket({ ...store.settings, bucket: 'more-images' }, PATIENCE);
  expect(await bucket.make()).toBe('made');
  expect(await bucket.make()).toBe('there');
  await bucket.put('a', bodyOf(Buffer.from('a')));
  const stranger = s3Bucket({ ...store.settings, secretAccessKey: 'wrong' }, PATIENCE);
  await expect(stranger.make()).rejects.toThrow('got 403');
});

test('a list of several pages is told whole, and asked for page by page', async () => {
  const keys = Array.from({ length: 7 }, (_, i) => `blobs/${i}`);
  const entry = (key: string) =>
    `<Contents><Key>${key}</Key><LastModified>2026-11-25T10:00:00.000Z</LastModified></Contents>`;
  const server = createServer(({ url }, answer) => {
    const after = new URL(url ?? '', 'http://bucket').searchParams.get('start-after') ?? '';
    const rest = keys.filter((key) => key > after);
    const page = rest.slice(0, 3).map(entry).join('');
    answer.end(`<ListBucketResult>${page}<IsTruncated>${rest.length > 3}</IsTruncated></ListBucketResult>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using bucket = await startBucket();
  const paged = s3Bucket({ ...bucket.settings, endpoint: `http://127.0.0.1:${port}` }, PATIENCE);
  const listed = await allOf(paged.list('blobs/'));
  server.close();
  expect(listed).toEqual(keys.map((key) => ({ key, storedAt: Date.UTC(2026, 10, 25, 10) })));
});
