import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HEAD_BYTES, isAddress, keyIdOf, openSealed, parentOf, sealer } from './blob-envelope.ts';
import type { KeptBlobStore } from './blob-store.ts';
import type { Keys } from './keys.ts';
import type { S3Body, S3Bucket } from './s3-bucket.ts';
import { storageFault } from './storage-fault.ts';

const PREFIX = 'blobs/';
const PIECE_BYTES = 64 * 1024;

/** Encrypted blobs as objects `blobs/<address>` of an S3-compatible bucket. The address is known only when all bytes
 *  have come, so they wait, encrypted, in a file under `spool` that has no name: memory stays flat, and nothing stays
 *  behind, neither there when the process is killed nor in the bucket, where a PUT is all or nothing. */
export async function openS3BlobStore(spool: string, bucket: S3Bucket, keys: Keys): Promise<KeptBlobStore> {
  await mkdir(spool, { recursive: true, mode: 0o700 });
  const addressKey = keys('blob-address');
  const keyOf = (address: string) => PREFIX + address;

  const write = async (source: Iterable<Buffer> | AsyncIterable<Buffer>) => {
    const file = await openUnnamed(spool).catch(refuse);
    try {
      const sealing = sealer(await keys.blobs.active(), addressKey);
      const hash = createHash('sha256');
      let size = 0;
      const append = async (sealed: Buffer) => {
        hash.update(sealed);
        size += sealed.length;
        await file.appendFile(sealed);
      };
      await append(sealing.head);
      for await (const chunk of source) await append(sealing.seal(chunk));
      const { tail, address, bytes } = sealing.end();
      await append(tail);
      const body: S3Body = {
        bytes: size,
        sha256: hash.digest('hex'),
        open: () => Readable.from(piecesOf(file)),
      };
      return { address, bytes, body, discard: () => file.close() };
    } catch (error) {
      await file.close();
      throw storageFault(error);
    }
  };

  const storedAt: KeptBlobStore['storedAt'] = async (address) =>
    isAddress(address) ? bucket.head(keyOf(address)) : undefined;

  return {
    storedAt,

    async stage(source) {
      const { address, bytes, body, discard } = await write(source);
      let open = true;
      const close = async () => {
        if (open) await discard();
        open = false;
      };
      const keep = async () => {
        await bucket.put(keyOf(address), body);
        await close();
      };
      return { address, bytes, keep, discard: close };
    },

    async put(source, drawnFrom) {
      const { address: own, bytes, body, discard } = await write(source);
      const address = drawnFrom === undefined ? own : `${drawnFrom}.${own}`;
      await bucket.put(keyOf(address), body).finally(discard);
      return { address, bytes };
    },

    async get(address) {
      if (!isAddress(address)) return undefined;
      // Gone as soon as what it was drawn from is: the object itself may be removed a little later.
      const parent = parentOf(address);
      if (parent !== undefined && (await storedAt(parent)) === undefined) return undefined;
      const object = await bucket.get(keyOf(address));
      return object && openSealed(object.bytes, address, keys.blobs, addressKey);
    },

    async delete(address) {
      if (!isAddress(address)) return;
      await bucket.delete(keyOf(address));
      for await (const { key } of bucket.list(`${keyOf(address)}.`)) await bucket.delete(key);
    },

    async *list() {
      for await (const { key, storedAt } of bucket.list(PREFIX)) {
        const address = key.slice(PREFIX.length);
        if (isAddress(address)) yield { address, storedAt, drawn: parentOf(address) !== undefined };
      }
    },

    async reseal(address) {
      const head = await bucket.get(keyOf(address), HEAD_BYTES);
      const id = head && keyIdOf(head.bytes);
      if (id === undefined || id === (await keys.blobs.active()).id) return id;
      const object = await bucket.get(keyOf(address));
      if (!object) return undefined;
      const plain = await openSealed(object.bytes, address, keys.blobs, addressKey);
      const { body, discard } = await write([plain]);
      // Only over what was read: an object that was deleted meanwhile does not come back.
      await bucket.put(keyOf(address), body, object.etag).finally(discard);
      return id;
    },

    // A file without a name ends with its process.
    discardAbandoned: async () => 0,
  };
}

/** From its start, and by hand: a stream of the file would close it when an attempt breaks off. */
async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** A file that only this process has, and that is gone when the process is. */
async function openUnnamed(folder: string): Promise<FileHandle> {
  const path = join(folder, randomBytes(16).toString('hex'));
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

function refuse(error: unknown): never {
  throw storageFault(error);
}
