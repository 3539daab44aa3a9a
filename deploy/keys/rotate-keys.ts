import type { KeptBlobStore } from '#common/blob-store.ts';
import { type BlobKey, dropBlobKey, FIRST_KEY, type KeyRing } from '#common/key-ring.ts';

/** Blobs that are encrypted anew side by side. */
const AT_ONCE = 8;
/** A blob that was begun under a key is stored within this time. */
const WRITTEN_WITHIN_MS = 24 * 60 * 60_000;

export type Rewritten = {
  readonly blobs: number;
  /** How many were under an older key. */
  readonly rewritten: number;
  /** Addresses of blobs that cannot be read. */
  readonly unreadable: readonly string[];
};

/** Encrypts every blob under the active key that is not yet. It can be stopped and started again at any moment, while
 *  the services run: each blob is replaced as a whole. */
export async function rewriteBlobs(blobs: KeptBlobStore, keys: KeyRing): Promise<Rewritten> {
  const unreadable: string[] = [];
  let seen = 0;
  let rewritten = 0;
  const one = async (address: string) => {
    const { id: active } = await keys.active();
    const before = await blobs.reseal(address);
    if (before === undefined) return;
    seen += 1;
    if (before !== active) rewritten += 1;
  };
  let underWay: Promise<void>[] = [];
  for await (const { address } of blobs.list()) {
    underWay.push(one(address).catch(() => void unreadable.push(address)));
    if (underWay.length < AT_ONCE) continue;
    await Promise.all(underWay);
    underWay = [];
  }
  await Promise.all(underWay);
  return { blobs: seen, rewritten, unreadable };
}

/** Removes the keys that were superseded more than a day ago, after all blobs have been seen to be under a later one.
 *  The first key stays: it comes from the master key, which the addresses need.
 *  @returns the ids of the keys that are gone @throws Error when a blob cannot be read */
export async function dropOldKeys(
  folder: string,
  blobs: KeptBlobStore,
  keys: KeyRing,
  now = Date.now(),
): Promise<string[]> {
  const all = await keys.all();
  const old = all.filter((key, index) => key.id !== FIRST_KEY && isSuperseded(all[index + 1], now));
  if (old.length === 0) return [];
  // What the list missed the first time because it came meanwhile is under the active key.
  const { unreadable } = await rewriteBlobs(blobs, keys);
  if (unreadable.length > 0)
    throw new Error(`No key is dropped: ${unreadable.length} blobs cannot be read, ${unreadable[0]} for one`);
  for (const key of old) await dropBlobKey(folder, key);
  return old.map(({ id }) => id);
}

function isSuperseded(next: BlobKey | undefined, now: number): boolean {
  return next !== undefined && next.from + WRITTEN_WITHIN_MS < now;
}
