import DataLoader from 'dataloader';
import type { RequestFacts } from '#common/subgraph-server.ts';
import type { StoredClassification } from './domain/classification.ts';
import type { ServedVersion } from './domain/classifier.ts';
import type { Intake } from './domain/intake.ts';
import type { StoredJob } from './domain/job.ts';
import { type JobBell, jobChanges } from './domain/job-changes.ts';
import type { Ledger, PageRequest, RadiographPage } from './domain/ledger.ts';
import type { Rendering, StoredRadiograph } from './domain/radiograph.ts';

/** What resolvers may use. Loaders live as long as one operation. */
export type Context = {
  readonly signal: AbortSignal;
  readonly radiographs: DataLoader<string, StoredRadiograph | undefined>;
  readonly jobs: DataLoader<string, StoredJob | undefined>;
  readonly classifications: DataLoader<string, StoredClassification | undefined>;
  readonly page: (request: PageRequest) => Promise<RadiographPage>;
  readonly intake: Intake;
  readonly jobChanges: (id: string) => AsyncIterableIterator<StoredJob>;
  readonly models: () => Promise<ServedVersion[]>;
  readonly engineOf: (pool: string) => string;
  readonly linkTo: (rendering: Rendering) => string;
};

export type Services = {
  readonly ledger: Ledger;
  readonly bell: JobBell;
} & Pick<Context, 'intake' | 'models' | 'engineOf' | 'linkTo'>;

export function createContext({ ledger, bell, ...services }: Services, { signal }: RequestFacts): Context {
  return {
    ...services,
    signal,
    radiographs: loader((ids) => ledger.radiographs(ids)),
    jobs: loader((ids) => ledger.jobs(ids)),
    classifications: loader((ids) => ledger.classifications(ids)),
    page: (request) => ledger.page(request),
    jobChanges: (id) => jobChanges(id, bell, async (jobId) => (await ledger.jobs([jobId])).get(jobId)),
  };
}

function loader<T>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
  return new DataLoader<string, T | undefined>(async (ids) => {
    const found = await read(ids);
    return ids.map((id) => found.get(id));
  });
}
