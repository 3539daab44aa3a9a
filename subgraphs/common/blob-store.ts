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
