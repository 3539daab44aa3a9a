/** Keeps bytes under an address made of their content: the same bytes are stored once, and nobody outside can
 *  test whether a known image lies here. */
export interface BlobStore {
  /** Stores all bytes of `source` durably before it resolves; nothing stays behind when `source` fails. */
  put(source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<StoredBlob>;
  /** @returns the bytes, or undefined when there are none at this address
   *  @throws Error when what lies there is damaged */
  get(address: string): Promise<Buffer | undefined>;
  /** Removes the bytes; no error when there are none. */
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
