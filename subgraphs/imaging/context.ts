import DataLoader from 'dataloader';
import type { RequestFacts } from '#common/subgraph-server.ts';
import type { AuditAction } from './domain/audit.ts';
import type { StoredClassification } from './domain/classification.ts';
import type { ServedVersion } from './domain/classifier.ts';
import type { DeleteRadiograph } from './domain/deletion.ts';
import type { Intake } from './domain/intake.ts';
import type { StoredJob } from './domain/job.ts';
import { type JobBell, jobChanges } from './domain/job-changes.ts';
import type { Ledger, PageRequest, RadiographPage } from './domain/ledger.ts';
import type { Rendering, StoredRadiograph } from './domain/radiograph.ts';
import type { ResultStore } from './domain/result-store.ts';
import type { StudyImport } from './domain/study-import.ts';

/** What resolvers may use. Loaders live as long as one operation. */
export type Context = {
  readonly signal: AbortSignal;
  /** Who asks, for the audit trail. */
  readonly actor: string;
  /** Writes down that the caller reads of a radiograph, once in an operation, before the caller sees it. */
  readonly noteRead: (action: ReadAction, radiographId: string) => Promise<void>;
  readonly radiographs: DataLoader<string, StoredRadiograph | undefined>;
  readonly jobs: DataLoader<string, StoredJob | undefined>;
  /** By the ids of their radiographs. */
  readonly radiographJobs: DataLoader<string, StoredJob | undefined>;
  readonly classifications: DataLoader<string, StoredClassification | undefined>;
  readonly page: (request: PageRequest) => Promise<RadiographPage>;
  readonly intake: Intake;
  readonly importStudy: StudyImport;
  readonly storeResult: ResultStore;
  /** @returns the id of its job, or undefined when there is no such radiograph */
  readonly deleteRadiograph: (id: string) => Promise<string | undefined>;
  /** Takes a job back. @returns it as it is now, or undefined when there is none */
  readonly cancel: (jobId: string, actor: string) => Promise<StoredJob | undefined>;
  readonly jobChanges: (id: string) => AsyncIterableIterator<StoredJob>;
  readonly models: () => Promise<ServedVersion[]>;
  readonly engineOf: (pool: string) => string;
  readonly linkTo: (rendering: Rendering) => string;
};

type ReadAction = Extract<AuditAction, `READ_${string}`>;

export type Services = {
  readonly ledger: Ledger;
  readonly bell: JobBell;
  readonly deleteRadiograph: DeleteRadiograph;
} & Pick<Context, 'intake' | 'importStudy' | 'storeResult' | 'cancel' | 'models' | 'engineOf' | 'linkTo'>;

export function createContext(
  { ledger, bell, deleteRadiograph, ...services }: Services,
  { signal, caller }: RequestFacts,
): Context {
  const actor = caller.subject;
  return {
    ...services,
    signal,
    actor,
    noteRead: readNotes(ledger, actor),
    deleteRadiograph: (id) => deleteRadiograph(id, actor),
    radiographs: loader((ids) => ledger.radiographs(ids)),
    jobs: loader((ids) => ledger.jobs(ids)),
    radiographJobs: loader((ids) => ledger.radiographJobs(ids)),
    classifications: loader((ids) => ledger.classifications(ids)),
    page: (request) => ledger.page(request),
    jobChanges: (id) => jobChanges(id, bell, async (jobId) => (await ledger.jobs([jobId])).get(jobId)),
  };
}

/** The reads of one operation go into the trail together. */
function readNotes(ledger: Ledger, actor: string): Context['noteRead'] {
  const notes = new DataLoader<{ action: ReadAction; target: string }, true, string>(
    async (reads) => {
      await ledger.audit(reads.map((read) => ({ ...read, actor, outcome: 'OK' })));
      return reads.map(() => true as const);
    },
    { cacheKeyFn: ({ action, target }) => `${action} ${target}` },
  );
  return async (action, target) => {
    const read = { action, target };
    await notes.load(read).catch((error: unknown) => {
      // A subscription asks again at its next event.
      notes.clear(read);
      throw error;
    });
  };
}

function loader<T>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
  return new DataLoader<string, T | undefined>(async (ids) => {
    const found = await read(ids);
    return ids.map((id) => found.get(id));
  });
}
