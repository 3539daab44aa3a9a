import { Histogram, type Registry } from 'prom-client';
import type { KeptBlobStore } from './blob-store.ts';
import { measuredCall, measuredMethods } from './measured.ts';

/** Counts and times what is asked of a store. Staging is not timed, since that is the time of a client's upload; what
 *  follows it, the keeping, is. */
export function measuredBlobStore(store: KeptBlobStore, registry: Registry): KeptBlobStore {
  const seconds = new Histogram({
    name: 'blob_operation_seconds',
    help: 'Operations on the store of images by how they ended',
    labelNames: ['operation', 'outcome'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const measure = { seconds, span: 'blob', start: { kind: 'internal' as const } };
  return {
    ...measuredMethods(store, ['put', 'get', 'delete', 'storedAt'], measure),
    async stage(source) {
      const staged = await store.stage(source);
      return { ...staged, keep: measuredCall('keep', () => staged.keep(), measure) };
    },
  };
}
