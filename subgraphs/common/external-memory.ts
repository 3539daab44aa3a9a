import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow until it is marked again, in percent of what was found alive. At 100 a radiograph costs
 *  4 % more processor time; above 300 it costs no less, and the memory still grows. */
const GROWTH = 300;
/** Just below the largest block up to which glibc keeps what is freed. */
const LARGEST_KEPT = 31 * 1024 * 1024;

/** For a service through which pictures and files of megabytes come; to be called before anything else. Otherwise the
 *  collection of garbage takes a third of its time.
 *
 *  By default V8 marks the whole heap again for every few megabytes outside it, and glibc gives every such block back
 *  to the system, so that each picture has its pages made anew. When a mapped block is freed, glibc keeps blocks up to
 *  that size from then on (mallopt(3), M_MMAP_THRESHOLD). */
export function reuseExternalMemory(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  new ArrayBuffer(LARGEST_KEPT).transfer(0);
}
