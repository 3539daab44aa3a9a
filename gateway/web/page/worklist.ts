import { type Fault, mayPass } from './fault.ts';
import type { Job, JobStatus, Priority } from './job-operations.ts';
import type { Verdict } from './verdict.ts';

/** Where a file of this session stands. */
export type Stage =
  /** `because` is why it was not sent at once. */
  | { readonly at: 'waiting'; readonly because?: Fault }
  /** How much of it was sent, 0 to 1. */
  | { readonly at: 'sending'; readonly share: number }
  | { readonly at: 'underway'; readonly jobId: string; readonly job: JobStatus }
  | { readonly at: 'read'; readonly radiographId: string; readonly verdict: Verdict }
  /** Refused by the server, or failed for good. */
  | { readonly at: 'failed'; readonly fault: Fault }
  | { readonly at: 'cancelled' };

export type Entry = {
  readonly key: number;
  readonly name: string;
  readonly bytes: number;
  readonly patientId: string | null;
  readonly priority: Priority;
  readonly stage: Stage;
};

/** In the order in which the files were given. */
export type Worklist = readonly Entry[];

export const staged = (list: Worklist, key: number, stage: Stage): Worklist =>
  list.map((entry) => (entry.key === key ? { ...entry, stage } : entry));

/** What a job's state means for its file. */
export function stageOf(jobId: string, job: Job): Stage {
  switch (job.state) {
    case 'QUEUED':
    case 'RUNNING':
      return { at: 'underway', jobId, job };
    case 'SUCCEEDED':
      return job.radiograph?.classification
        ? { at: 'read', radiographId: job.radiograph.id, verdict: job.radiograph.classification }
        : { at: 'failed', fault: { code: 'NOT_FOUND', message: 'The radiograph is gone' } };
    case 'FAILED':
      return { at: 'failed', fault: job.error ?? { code: 'INTERNAL', message: 'No reason was given' } };
    case 'CANCELLED':
      return { at: 'cancelled' };
    default:
      return job.state satisfies never;
  }
}

export const isOver = ({ stage }: Entry): boolean =>
  stage.at === 'read' || stage.at === 'failed' || stage.at === 'cancelled';

/** Whether the server does not have it yet, as far as this page knows. */
export const isUnsent = ({ stage }: Entry): boolean =>
  stage.at === 'waiting' || stage.at === 'sending' || mendedByToken(stage);

/** Whether it is sent again as soon as there is another token: until then it is in this page. */
export const mendedByToken = (stage: Stage): boolean =>
  stage.at === 'failed' && (stage.fault.code === 'UNAUTHENTICATED' || mayPass(stage.fault));

export const ofRadiograph =
  (id: string) =>
  ({ stage }: Entry): boolean =>
    stage.at === 'read' && stage.radiographId === id;

export const withoutRadiograph = (list: Worklist, id: string): Worklist =>
  list.filter((entry) => !ofRadiograph(id)(entry));

/** How far one file is, 0 to 1: sending it is the first half. */
export function progressOf(stage: Stage): number {
  if (stage.at === 'waiting') return 0;
  if (stage.at === 'sending') return stage.share / 2;
  return stage.at === 'underway' ? 0.5 + stage.job.progress / 2 : 1;
}

/** All files in a sentence, for whoever does not see the list. */
export function worklistWords(list: Worklist): string {
  if (list.length === 0) return '';
  const count = (at: Stage['at']) => list.filter(({ stage }) => stage.at === at).length;
  const parts = [`${count('read')} of ${list.length} ${list.length === 1 ? 'file' : 'files'} read`];
  if (count('failed') > 0) parts.push(`${count('failed')} failed`);
  if (count('cancelled') > 0) parts.push(`${count('cancelled')} cancelled`);
  return `${parts.join(', ')}.`;
}
