/** Images that one run takes at most. A session's arena grows with the largest run and never shrinks. Larger runs are
 *  no faster on a CPU and share busy cores worse; runs of one cost a tenth more. */
export const LARGEST_RUN = 2;

/** Splits `count` images into runs of nearly equal size that keep every thread busy to the end: a multiple of
 *  `threads` runs, or one for each image when there are fewer.
 *  @returns the size of each run, largest first */
export function microBatches(count: number, threads: number): number[] {
  const rounds = Math.ceil(count / (LARGEST_RUN * threads));
  const runs = Math.min(count, rounds * threads);
  return Array.from({ length: runs }, (_, run) => Math.floor((count + runs - 1 - run) / runs));
}
