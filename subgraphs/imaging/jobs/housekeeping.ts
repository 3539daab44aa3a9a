import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { KeptBlobStore } from '#common/blob-store.ts';
import { type DeleteRadiograph, type Deletions, RETENTION } from '../domain/deletion.ts';
import type { BlobRemovals } from './blob-removals.ts';

type Parts = {
  readonly ledger: Deletions;
  readonly blobs: KeptBlobStore;
  readonly removals: BlobRemovals;
  readonly deleteRadiograph: DeleteRadiograph;
  /** How long a blob that no radiograph names is left alone. */
  readonly orphanGraceMs?: number | undefined;
  /** The age at which a radiograph is deleted; never when it is left out. */
  readonly retentionMs: number | undefined;
  readonly logger: Logger;
  /** Aborts when the rest is to be left for later: what there is to do may take hours. */
  readonly stopping?: AbortSignal | undefined;
};

const TICK_MS = 30_000;
/** Listing a large store takes a while. */
const ORPHANS_EVERY_MS = 60 * 60_000;
const AT_ONCE = 500;
const GRACE_MS = 24 * 60 * 60_000;

/** Keeps the store in step with the ledger: finishes deletions that a crash cut short, deletes what has reached its
 *  age, and removes blobs that nobody names. Several processes may do so at once. */
export function startHousekeeping(given: Omit<Parts, 'stopping'>): AsyncDisposable {
  const stopping = new AbortController();
  const parts = { ...given, stopping: stopping.signal };
  const wait = (ms: number) =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
  const attempt = (work: () => Promise<void>) =>
    work().catch((error: unknown) => parts.logger.error({ err: error }, 'housekeeping failed'));

  const loop = async () => {
    let orphansAt = Date.now() + jittered(ORPHANS_EVERY_MS);
    while (!stopping.signal.aborted) {
      await attempt(() => parts.removals.sweep(parts.stopping));
      await attempt(() => expire(parts));
      if (Date.now() >= orphansAt && !stopping.signal.aborted) {
        await attempt(() => removeOrphans(parts));
        orphansAt = Date.now() + jittered(ORPHANS_EVERY_MS);
      }
      await wait(jittered(TICK_MS));
    }
  };
  const looping = loop();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looping;
    },
  };
}

/** Deletes the radiographs that have reached their age. */
export async function expire(
  {
    ledger,
    deleteRadiograph,
    retentionMs,
    stopping,
  }: Pick<Parts, 'ledger' | 'deleteRadiograph' | 'retentionMs' | 'stopping'>,
  now = Date.now(),
): Promise<void> {
  if (retentionMs === undefined) return;
  for (;;) {
    const ids = await ledger.acceptedBefore(now - retentionMs, AT_ONCE);
    for (const id of ids) {
      if (stopping?.aborted) return;
      await deleteRadiograph(id, RETENTION);
    }
    if (ids.length < AT_ONCE) return;
  }
}

/** Removes blobs older than the grace period that no radiograph names: of uploads that were refused or never sent on,
 *  and pictures drawn from others, which are drawn again when somebody asks. */
export async function removeOrphans(
  {
    ledger,
    blobs,
    removals,
    orphanGraceMs = GRACE_MS,
    stopping,
  }: Pick<Parts, 'ledger' | 'blobs' | 'removals' | 'orphanGraceMs' | 'stopping'>,
  now = Date.now(),
): Promise<void> {
  const before = now - orphanGraceMs;
  await blobs.discardAbandoned(before);
  let found: string[] = [];
  const condemn = async () => {
    await ledger.condemn(found, before);
    found = [];
  };
  for await (const { address, storedAt, drawn } of blobs.list()) {
    if (stopping?.aborted) return;
    if (storedAt >= before) continue;
    if (drawn) await blobs.delete(address);
    else found.push(address);
    if (found.length >= AT_ONCE) await condemn();
  }
  if (found.length > 0) await condemn();
  await removals.sweep(stopping);
}

/** Processes that started together do not list the store together. */
const jittered = (ms: number) => ms * (0.75 + Math.random() / 2);
