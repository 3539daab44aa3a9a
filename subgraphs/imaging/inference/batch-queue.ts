import DataLoader from 'dataloader';
import { inScope, type RequestScope, requestScope, sharedScope } from '#common/request-scope.ts';
import type { Inference } from '../domain/classification.ts';
import { batchGate } from './batch-gate.ts';
import { isInvalid, ServingFault } from './serving-fault.ts';

/** A model input that somebody waits for. */
export type Wanted = {
  /** uint8 [256, 256] */
  readonly grey: Buffer;
  /** Aborts when nobody waits any more, be it that time is up. */
  readonly signal: AbortSignal;
  /** The latest version when it is left out. */
  readonly version?: string | undefined;
};

export type BatchQueue = {
  /** @throws ServingFault `full`, the fault of its batch, or the reason of its signal */
  load(wanted: Wanted): Promise<Inference>;
  /** Whether an input would be sent at once. */
  isIdle(): boolean;
};

type Send = (greys: readonly Buffer[], version: string | undefined) => Promise<Inference[]>;
type Limits = { readonly slots: number; readonly maxBatch: number };
type Told = {
  waiting(count: number): void;
  /** An input has left the queue after so long. */
  waited(ms: number): void;
  dropped(): void;
  refused(): void;
};
type Entry = Wanted & { readonly since: number; readonly scope: RequestScope | undefined };

/** Full batches that may wait for each slot: more would only be answered too late. */
const BATCHES_PER_SLOT = 4;

/** Gathers inputs into batches that grow while every slot is taken: one loader for each version, and one gate for
 *  all, since versions share the machine. Inputs that nobody waits for are never sent. */
export function batchQueue({ slots, maxBatch }: Limits, send: Send, told: Told): BatchQueue {
  const gate = batchGate(slots);
  const most = BATCHES_PER_SLOT * slots * maxBatch;
  const waiting = new Set<Entry>();
  const loaders = new Map<string | undefined, DataLoader<Entry, Inference>>();

  const dispatch = async (entries: readonly Entry[], version: string | undefined) => {
    for (const entry of entries) {
      waiting.delete(entry);
      told.waited(performance.now() - entry.since);
      if (entry.signal.aborted) told.dropped();
    }
    told.waiting(waiting.size);
    const live = entries.filter(({ signal }) => !signal.aborted);
    // A batch is sent on behalf of all that are in it, whoever's turn it happens to run in.
    const scope = sharedScope(live.map((entry) => entry.scope));
    const sendFor = (greys: readonly Buffer[]) => inScope(scope, () => send(greys, version));
    try {
      const answers = live.length > 0 ? await sendApart(live, sendFor) : [];
      const answerOf = new Map(live.map((entry, index) => [entry, answers[index]]));
      return entries.map((entry) => answerOf.get(entry) ?? asError(entry.signal.reason));
    } finally {
      gate.done();
    }
  };

  const loaderOf = (version: string | undefined) => {
    const known = loaders.get(version);
    if (known) return known;
    // For the whole process: batches form over requests. Its keys are pixels, so nothing may be remembered.
    const made = new DataLoader<Entry, Inference>((entries) => dispatch(entries, version), {
      ...{ cache: false, maxBatchSize: maxBatch, batchScheduleFn: gate.schedule },
    });
    loaders.set(version, made);
    return made;
  };

  return {
    async load(wanted) {
      if (waiting.size >= most) for (const entry of waiting) if (entry.signal.aborted) waiting.delete(entry);
      if (waiting.size >= most) {
        told.refused();
        throw new ServingFault('full', 'Too many images wait for the model server');
      }
      const entry = { ...wanted, since: performance.now(), scope: requestScope() };
      waiting.add(entry);
      told.waiting(waiting.size);
      return loaderOf(wanted.version).load(entry);
    },
    isIdle: gate.isOpen,
  };
}

/** A batch that is found invalid is sent again one by one, so that one bad image fails alone. */
async function sendApart(
  entries: readonly Entry[],
  send: (greys: readonly Buffer[]) => Promise<Inference[]>,
): Promise<(Inference | Error)[]> {
  try {
    return await send(entries.map(({ grey }) => grey));
  } catch (error) {
    if (!isInvalid(error) || entries.length === 1) return entries.map(() => asError(error));
  }
  const answers: (Inference | Error)[] = [];
  for (const entry of entries) {
    const [answer] = entry.signal.aborted ? [asError(entry.signal.reason)] : await sendApart([entry], send);
    answers.push(answer ?? new Error('Expected an answer for each image'));
  }
  return answers;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The call failed', { cause: reason });
}
