import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { KeptBlobStore } from '#common/blob-store.ts';
import type { BlobRemoval, Deletions } from '../domain/deletion.ts';

type Parts = {
  readonly ledger: Deletions;
  readonly blobs: KeptBlobStore;
  /** Forgets the inferences of an image. */
  readonly forget: (address: string) => Promise<void>;
  readonly removed: Counter<'reason'>;
  readonly logger: Logger;
};

/** The hands of one process that remove what the ledger has marked. */
export type BlobRemovals = {
  readonly worker: string;
  readonly leaseMs: number;
  /** Removes blobs that are leased to this worker, with their inferences. What fails is left to a later sweep. */
  finish(removals: readonly BlobRemoval[]): Promise<void>;
  /** Removes all that is marked and that nobody else holds, and what the cache could not forget before.
   *  @param stopping aborts when the rest is to be left for later */
  sweep(stopping?: AbortSignal): Promise<void>;
};

/** Longer than the slowest removal takes that was begun in time. */
const LEASE_MS = 120_000;
const BEGIN_WITHIN_MS = 20_000;
const AT_ONCE = 20;

export function blobRemovals({ ledger, blobs, forget, removed, logger }: Parts): BlobRemovals {
  const worker = randomUUID();

  const remove = async ({ address, storedBefore }: BlobRemoval) => {
    const storedAt = storedBefore === null ? undefined : await blobs.storedAt(address);
    // An orphan that was uploaded again meanwhile is none: its radiograph is on the way.
    const stays = storedBefore !== null && storedAt !== undefined && storedAt >= storedBefore;
    if (stays) return ledger.endRemoval(address, worker);
    // The image first: a cache that is out of order must not keep it, nor keep the same image from being sent again.
    await blobs.delete(address);
    const isForgotten = await forget(address).then(() => true, notForgotten);
    removed.inc({ reason: storedBefore === null ? 'deleted' : 'orphan' });
    await ledger.endRemoval(address, worker, !isForgotten);
  };

  const notForgotten = (error: unknown) => {
    logger.warn({ err: error }, 'an inference was not forgotten and will be later');
    return false;
  };

  const forgetRemembered = async (stopping?: AbortSignal) => {
    for (;;) {
      const addresses = await ledger.remembered(AT_ONCE);
      for (const address of addresses) {
        if (stopping?.aborted || !(await forget(address).then(() => true, notForgotten))) return;
        await ledger.forgotten(address);
      }
      if (addresses.length < AT_ONCE) return;
    }
  };

  const finish: BlobRemovals['finish'] = async (removals) => {
    const begun = performance.now();
    for (const removal of removals) {
      // The lease must outlast the removal, or it would hit what was stored again by then.
      if (performance.now() - begun > BEGIN_WITHIN_MS) return;
      await remove(removal).catch((error: unknown) => logger.error({ err: error }, 'a blob was not removed'));
    }
  };

  return {
    worker,
    leaseMs: LEASE_MS,
    finish,
    async sweep(stopping) {
      while (!stopping?.aborted) {
        const removals = await ledger.takeRemovals(worker, LEASE_MS, AT_ONCE);
        if (removals.length === 0) break;
        await finish(removals);
      }
      await forgetRemembered(stopping);
    },
  };
}
