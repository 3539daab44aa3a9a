export type ReusedBuffers = {
  /** Hands `work` a buffer of `bytes` bytes with anything in it, which threads may share, and takes it back when
   *  `work` has ended. */
  lend<T>(bytes: number, work: (buffer: Buffer) => Promise<T>): Promise<T>;
};

/** Buffers for one piece of work after another: new ones of megabytes cost their pages, and the garbage collector's
 *  time, at each picture. As many are kept as were lent at once. */
export function reusedBuffers(): ReusedBuffers {
  const free: Buffer[] = [];
  return {
    async lend(bytes, work) {
      const kept = free.pop();
      const fits = kept !== undefined && kept.length >= bytes;
      const buffer = fits ? kept : Buffer.from(new SharedArrayBuffer(bytes));
      try {
        return await work(buffer.subarray(0, bytes));
      } finally {
        free.push(buffer);
      }
    },
  };
}
