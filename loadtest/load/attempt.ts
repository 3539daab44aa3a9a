/** One piece of work of a load: times in ms, `began` on the clock of `performance.now()`. */
export type Attempt = { readonly began: number; readonly ms: number; readonly fault?: string };

/** @param began when it was due: a late start belongs to what the caller waited for */
export async function timed(work: () => Promise<void>, began = performance.now()): Promise<Attempt> {
  try {
    await work();
    return { began, ms: performance.now() - began };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { began, ms: performance.now() - began, fault: code ?? message };
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
  const faults: Record<string, number> = {};
  for (const { fault } of attempts) if (fault) faults[fault] = (faults[fault] ?? 0) + 1;
  const [p50 = 0, p95 = 0, p99 = 0, max = 0] = percentiles(times, [0.5, 0.95, 0.99, 1]).map(Math.round);
  const perSecond = Math.round((times.length / seconds) * 10) / 10;
  return { count: attempts.length, faults, perSecond, p50, p95, p99, max };
}

export function faultCount({ faults }: Summary): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}

/** Nearest rank; 0 where there are no values. @param shares between 0 and 1 */
export function percentiles(values: readonly number[], shares: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
