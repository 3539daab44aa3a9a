import type { Classifier } from '../domain/classifier.ts';
import type { DeleteRadiograph, Deletions } from '../domain/deletion.ts';
import type { JobBell } from '../domain/job-changes.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { BlobRemovals } from './blob-removals.ts';

type Parts = { readonly ledger: Deletions; readonly removals: BlobRemovals; readonly bell: JobBell };

/** The ledger first: from then on the radiograph is gone, and what a crash leaves of its blobs the next sweep removes. */
export function createDeletion({ ledger, removals, bell }: Parts): DeleteRadiograph {
  return async (id, actor) => {
    const { worker, leaseMs } = removals;
    const deleted = await ledger.deleteRadiograph(id, { actor, worker, leaseMs });
    if (!deleted) return undefined;
    bell.ring(deleted.jobId);
    await removals.finish(deleted.removals);
    return deleted.jobId;
  };
}

/** A radiograph may be deleted while it is classified: then its inference is cached after it was forgotten. */
export function forgetDeleted(
  classify: Classifier,
  ledger: Pick<Ledger, 'radiographs'>,
  forget: (address: string) => Promise<void>,
): Classifier {
  return async (radiograph, signal, prepared) => {
    const answer = await classify(radiograph, signal, prepared);
    const isThere = (await ledger.radiographs([radiograph.id])).has(radiograph.id);
    if (!isThere) await forget(radiograph.originalAddress);
    return answer;
  };
}
