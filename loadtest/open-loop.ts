import { setTimeout as pause } from 'node:timers/promises';

export type Attempt = { readonly ms: number; readonly fault?: string };

/** Starts `work` at random times that do not depend on how fast it ends (a Poisson process): a server that slows
 *  down gets no relief, as it would get none from people.
 *  @param perSecond arrivals a second; Infinity begins all at once */
export async function openLoop(
  count: number,
  perSecond: number,
  work: (index: number) => Promise<void>,
  random: () => number = Math.random,
): Promise<Attempt[]> {
  const attempts: Promise<Attempt>[] = [];
  let due = performance.now();
  for (let index = 0; index < count; index += 1) {
    if (due > performance.now()) await pause(due - performance.now());
    attempts.push(timed(() => work(index), Math.max(due, 0)));
    due += (-Math.log(1 - random()) / perSecond) * 1_000;
  }
  return Promise.all(attempts);
}

/** Counted from when it was due: a late start belongs to what the caller waited for. */
async function timed(work: () => Promise<void>, due: number): Promise<Attempt> {
  try {
    await work();
    return { ms: performance.now() - due };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { ms: performance.now() - due, fault: code ?? message };
  }
}

export type Summary = {
  readonly count: number;
  readonly faults: Record<string, number>;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** Percentiles in ms of what succeeded (nearest rank), faults by code. */
export function summarise(attempts: readonly Attempt[], seconds: number): Summary {
  const times = attempts.filter(({ fault }) => fault === undefined).map(({ ms }) => ms);
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? 0);
  const faults: Record<string, number> = {};
  for (const { fault } of attempts) if (fault) faults[fault] = (faults[fault] ?? 0) + 1;
  const perSecond = Math.round((times.length / seconds) * 10) / 10;
  return {
    count: attempts.length,
    faults,
    perSecond,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
  };
}
