import { setFlagsFromString } from 'node:v8';

/** By default V8 marks the whole heap again for every few megabytes of pixels or files that come in, which a service
 *  of pictures pays for with a third of its time. With this it does so when they are a fair part of the heap. To be
 *  called before anything else. */
export function countExternalMemoryAsHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
