import { type Fault, mayPass, patience } from './fault.ts';
import { idempotencyKey } from './idempotency-key.ts';
import type { Job, Priority } from './job-operations.ts';
import type { Store } from './store.ts';
import type { Send, Sent, Upload } from './upload-request.ts';
import { type Entry, isOver, type Stage, staged, stageOf, type Worklist } from './worklist.ts';

export type SenderParts = {
  readonly list: Store<Worklist>;
  readonly send: Send;
  readonly follow: (id: string, heard: { job(job: Job): void; fault(fault: Fault): void }) => () => void;
  /** Takes a job back; resolves with why not. */
  readonly cancelJob: (id: string) => Promise<Fault | undefined>;
  readonly sleep?: (ms: number) => Promise<void>;
};

export type Sender = {
  add(files: readonly File[], given: { patientId: string | null; priority: Priority }): void;
  /** Sends a file that failed once more, or follows its job again. */
  retry(key: number): void;
  /** Takes a file back, sent or not; resolves with why it cannot be. */
  cancel(key: number): Promise<Fault | undefined>;
  /** Takes what has ended off the list. */
  clear(): void;
};

/** A browser opens six connections to a server: some are left for what is looked at meanwhile. */
const MOST_SENDING = 3;
/** One socket carries a hundred streams (`MAX_OPERATIONS_PER_SOCKET`). */
const MOST_UNDERWAY = 50;
/** About a minute and a half, the time of a restart with much to spare. */
const MOST_TRIES = 14;

/** Sends the files of a worklist one request each, a few at a time and in their order, and follows their jobs. */
export function sender({ list, send, follow, cancelJob, sleep = wait }: SenderParts): Sender {
  /** What cannot stand in the list: the bytes until they are read, with the key under which they are sent again when an
   *  answer is lost, and how to stop. */
  const files = new Map<number, Pick<Upload, 'file' | 'idempotencyKey'>>();
  const stops = new Map<number, () => void>();
  const tries = new Map<number, number>();
  /** Jobs whose file need not be sent again. */
  const jobs = new Map<number, string>();
  const resting = new Set<number>();
  let last = 0;

  const find = (key: number) => list.get().find((entry) => entry.key === key);
  const stage = (key: number, next: Stage) => list.update((now) => staged(now, key, next));
  const keep = (key: number, file: File) => files.set(key, { file, idempotencyKey: idempotencyKey() });
  /** What becomes of a file's job no longer matters: sent again, it is a new one. */
  const forgetJob = (key: number) => {
    jobs.delete(key);
    const kept = files.get(key);
    if (kept) keep(key, kept.file);
  };
  const settle = (key: number, next: Stage) => {
    stops.delete(key);
    tries.delete(key);
    if (next.at === 'read' || next.at === 'cancelled') files.delete(key);
    stage(key, next);
    pump();
  };

  function pump(): void {
    const busy = list.get().filter(({ stage: { at } }) => at === 'sending' || at === 'underway').length;
    const sending = list.get().filter(({ stage: { at } }) => at === 'sending').length;
    const free = Math.min(MOST_SENDING - sending, MOST_UNDERWAY - busy);
    const next = list.get().filter(({ key, stage: { at } }) => at === 'waiting' && !resting.has(key));
    for (const entry of next.slice(0, Math.max(0, free))) void transfer(entry);
  }

  async function transfer({ key, patientId, priority }: Entry): Promise<void> {
    const kept = files.get(key);
    if (!kept) return;
    const gone = new AbortController();
    stops.set(key, () => gone.abort());
    stage(key, { at: 'sending', share: 0 });
    const sent: Sent = await send(
      { ...kept, patientId, priority },
      (share) => !gone.signal.aborted && stage(key, { at: 'sending', share }),
      gone.signal,
    );
    if (gone.signal.aborted) {
      // The server may have taken it in the same moment.
      if ('jobId' in sent) void cancelJob(sent.jobId);
      return;
    }
    if ('jobId' in sent) {
      jobs.set(key, sent.jobId);
      watch(key, sent.jobId);
      pump();
    } else await refused(key, sent.fault);
  }

  async function refused(key: number, fault: Fault): Promise<void> {
    const count = (tries.get(key) ?? 0) + 1;
    tries.set(key, count);
    if (!mayPass(fault) || count > MOST_TRIES) return settle(key, { at: 'failed', fault });
    stops.delete(key);
    resting.add(key);
    stage(key, { at: 'waiting', because: fault });
    await sleep(patience(count, fault) * 1000);
    resting.delete(key);
    pump();
  }

  function watch(key: number, jobId: string): void {
    stage(key, { at: 'underway', jobId, job: { state: 'QUEUED', progress: 0, error: null } });
    const stop = follow(jobId, {
      job(job) {
        const next = stageOf(jobId, job);
        if (next.at === 'underway') return stage(key, next);
        forgetJob(key);
        settle(key, next);
      },
      fault(fault) {
        if (fault.code === 'NOT_FOUND') forgetJob(key);
        settle(key, { at: 'failed', fault });
      },
    });
    stops.set(key, stop);
  }

  return {
    add(given, { patientId, priority }) {
      const entries = given.map((file): Entry => {
        last += 1;
        keep(last, file);
        const { name, size: bytes } = file;
        return { key: last, name, bytes, patientId, priority, stage: { at: 'waiting' } };
      });
      list.update((now) => [...now, ...entries]);
      pump();
    },
    retry(key) {
      const jobId = jobs.get(key);
      if (jobId !== undefined) return watch(key, jobId);
      if (!files.has(key)) return;
      stage(key, { at: 'waiting' });
      pump();
    },
    async cancel(key) {
      const entry = find(key);
      if (!entry || isOver(entry)) return undefined;
      // The job's own end is heard on its stream.
      if (entry.stage.at === 'underway') return cancelJob(entry.stage.jobId);
      stops.get(key)?.();
      settle(key, { at: 'cancelled' });
      return undefined;
    },
    clear() {
      for (const { key } of list.get().filter(isOver)) files.delete(key);
      list.update((now) => now.filter((entry) => !isOver(entry)));
    },
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
