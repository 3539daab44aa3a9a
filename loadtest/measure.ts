import { type Attempt, type Summary, summarise } from './load/attempt.ts';
import type { System } from './stack.ts';
import { type Usage, watchProcesses } from './watch/process-watch.ts';
import { type Histogram, histograms, type Samples, scrape } from './watch/service-metrics.ts';

/** All that was seen while a load ran. */
export type Measured = {
  readonly name: string;
  readonly attempts: readonly Attempt[];
  /** When it began, on the clock of `performance.now()`. */
  readonly began: number;
  readonly seconds: number;
  readonly summary: Summary;
  readonly usage: readonly Usage[];
  readonly histograms: readonly Histogram[];
  readonly before: ReadonlyMap<string, Samples>;
  readonly after: ReadonlyMap<string, Samples>;
};

/** Runs a load and watches the system's processes and metrics meanwhile. */
export async function measure(
  name: string,
  { services }: Pick<System, 'services'>,
  load: () => Promise<Attempt[]>,
): Promise<Measured> {
  const before = await scrape(services);
  const stop = watchProcesses(services);
  const began = performance.now();
  const attempts = await load();
  const seconds = (performance.now() - began) / 1_000;
  const usage = stop();
  const after = await scrape(services);
  const summary = summarise(attempts, seconds);
  console.log(
    `${name}: ${summary.perSecond}/s, p50 ${summary.p50} ms, p99 ${summary.p99} ms`,
    summary.faults,
  );
  const seen = histograms(before, after);
  return { name, attempts, began, seconds, summary, usage, histograms: seen, before, after };
}
