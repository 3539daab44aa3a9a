/** Keeps bytes under an address made of their content: the same bytes are stored once, and nobody outside can
 *  test whether a known image lies here. */
export interface BlobStore {
  /** Stores all bytes of `source` durably before it resolves; nothing stays behind when `source` fails.
   *  @param drawnFrom the address of the blob from which these bytes were drawn and can be drawn again: they go when it
   *  goes, and may be torn after a power cut
   *  @throws RadiographError OVERLOADED when there is no room, or the store cannot be reached */
  put(source: Iterable<Buffer> | AsyncIterable<Buffer>, drawnFrom?: string): Promise<StoredBlob>;
  /** @returns the bytes, or undefined when there are none at this address
   *  @throws Error when what lies there is damaged */
  get(address: string): Promise<Buffer | undefined>;
  /** Removes the bytes and all that was drawn from them, durably; no error when there are none. */
  delete(address: string): Promise<void>;
}

export type StoredBlob = { address: string; bytes: number };

/** Bytes that are here and not stored yet: one of the two ends that. */
export type StagedBlob = StoredBlob & {
  /** Stores them durably before it resolves. */
  keep(): Promise<void>;
  /** Leaves nothing behind; what others stored under the same address stays. */
  discard(): Promise<void>;
};

/** A store for what may turn out not to be wanted. */
export interface StagingBlobStore extends BlobStore {
  /** Takes in all bytes of `source` without storing them yet; nothing stays behind when `source` fails. */
  stage(source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<StagedBlob>;
}

export type ListedBlob = {
  address: string;
  /** In ms since 1970. */
  storedAt: number;
  /** Whether it was drawn from another blob. */
  drawn: boolean;
};

/** A store as those see it who look after it. */
export interface KeptBlobStore extends StagingBlobStore {
  /** When the bytes were stored last, in ms since 1970, or undefined when there are none. */
  storedAt(address: string): Promise<number | undefined>;
  /** Every blob, in no order; what comes or goes meanwhile may be missed. */
  list(): AsyncIterable<ListedBlob>;
  /** Encrypts the bytes anew unless they are under the active key. @returns the id of the key that they were under
   *  before, or undefined when there are none */
  reseal(address: string): Promise<string | undefined>;
  /** Removes what killed processes staged and left before this time, in ms since 1970. @returns how many */
  discardAbandoned(before: number): Promise<number>;
}
