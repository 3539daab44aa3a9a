/** The actor of what the setting RETENTION_DAYS deletes. */
export const RETENTION = 'retention';

/** Deletes a radiograph, its pictures and what was inferred from it.
 *  @returns the id of its job, or undefined when there is no such radiograph */
export type DeleteRadiograph = (id: string, actor: string) => Promise<string | undefined>;

/** What a deletion leaves behind for its caller. */
export type DeletedRadiograph = {
  readonly jobId: string;
  /** Blobs that no other radiograph names, leased to the caller for removal. */
  readonly removals: readonly BlobRemoval[];
};

/** A blob that is to be removed. While it stands in the ledger, no radiograph that names the blob is taken in. */
export type BlobRemoval = {
  readonly address: string;
  /** The blob stays when it was stored at this time or later (ms since 1970); null removes it whenever that was. */
  readonly storedBefore: number | null;
};

/** How the ledger lets go of radiographs and of blobs. What a method has returned survives a crash. */
export interface Deletions {
  /** Deletes a radiograph and its classification, ends its job CANCELLED unless it has ended, marks the blobs that no
   *  other radiograph names for removal, and writes the audit row of its `actor`, all in one transaction.
   *  @returns undefined when there is no such radiograph */
  deleteRadiograph(
    id: string,
    by: { actor: string; worker: string; leaseMs: number },
  ): Promise<DeletedRadiograph | undefined>;
  /** The ids of radiographs that were accepted before a time (ms since 1970), oldest first. */
  acceptedBefore(time: number, limit: number): Promise<string[]>;
  /** Marks those of the blobs that no radiograph names for removal. */
  condemn(addresses: readonly string[], storedBefore: number): Promise<void>;
  /** Leases marked blobs whose lease is free or has run out. One statement: two workers never hold one. */
  takeRemovals(worker: string, leaseMs: number, limit: number): Promise<BlobRemoval[]>;
  /** Takes the mark off a blob, unless the lease is no longer this worker's. @param isRemembered whether what was inferred
   *  from it has still to be forgotten, which is then noted in the same transaction */
  endRemoval(address: string, worker: string, isRemembered?: boolean): Promise<void>;
  /** Addresses of images that are removed, but from which something inferred may still be cached. */
  remembered(limit: number): Promise<string[]>;
  /** What was inferred from an image is forgotten. */
  forgotten(address: string): Promise<void>;
}

/** What the ledger says when a radiograph names a blob that is being removed. */
export const BEING_REMOVED = 'a blob of this radiograph is being removed';

export function isBeingRemoved(error: unknown): boolean {
  return error instanceof Error && error.message.includes(BEING_REMOVED);
}
