import { percentiles } from '../load/attempt.ts';
import type { Measured } from '../measure.ts';
import { countOf, type Histogram } from '../watch/service-metrics.ts';
import type { Plot, Series, Table } from './report.ts';

const WINDOWS = 40;
const CURVE = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1];

/** The latency of all runs by percentile; of each run, percentiles and throughput over time. */
export function loadPlots(runs: readonly Measured[]): Plot[] {
  const curve: Plot = {
    kind: 'lines',
    title: 'Latency by percentile',
    x: 'percentile',
    y: 'ms',
    series: runs.map(({ name, attempts }) => ({
      name,
      points: percentiles(good(attempts), CURVE).map((ms, i) => [(CURVE[i] ?? 0) * 100, ms] as const),
    })),
  };
  return [curve, ...runs.flatMap((run) => [overTime(run), throughput(run)])];
}

function overTime({ name, attempts, began, seconds }: Measured): Plot {
  const width = windowOf(seconds);
  const windows = new Map<number, number[]>();
  for (const { began: at, ms, fault } of attempts) {
    if (fault !== undefined) continue;
    const window = Math.floor((at - began) / 1_000 / width);
    windows.set(window, [...(windows.get(window) ?? []), ms]);
  }
  const shares = { p50: 0.5, p95: 0.95, p99: 0.99 };
  const sorted = [...windows].sort(([a], [b]) => a - b);
  return {
    kind: 'lines',
    title: `Latency over time: ${name}`,
    x: 'seconds since the start, by arrival',
    y: 'ms',
    series: Object.entries(shares).map(([label, share]) => ({
      name: label,
      points: sorted.map(([window, times]) => [(window + 0.5) * width, percentiles(times, [share])[0] ?? 0]),
    })),
  };
}

function throughput({ name, attempts, began, seconds }: Measured): Plot {
  const width = windowOf(seconds);
  const count = Math.max(1, Math.floor(seconds / width));
  const rate = (chosen: typeof attempts, time: (attempt: (typeof attempts)[number]) => number) => {
    const bins = new Float64Array(count);
    for (const attempt of chosen) {
      const bin = Math.floor((time(attempt) - began) / 1_000 / width);
      if (bin >= 0 && bin < count) bins[bin] = (bins[bin] ?? 0) + 1 / width;
    }
    return [...bins].map((value, i) => [(i + 0.5) * width, value] as const);
  };
  const ended = ({ began: at, ms }: (typeof attempts)[number]) => at + ms;
  const faults = attempts.filter(({ fault }) => fault !== undefined);
  const whole = attempts.filter(({ fault }) => fault === undefined);
  return {
    kind: 'lines',
    title: `Throughput over time: ${name}`,
    x: 'seconds since the start',
    y: 'a second',
    series: [
      { name: 'answered', points: rate(whole, ended) },
      ...(faults.length > 0 ? [{ name: 'failed', points: rate(faults, ended) }] : []),
    ],
  };
}

/** CPU and resident memory of each process over a run. */
export function processPlots(run: Measured): Plot[] {
  const series = (y: 'cores' | 'megabytes'): Series[] =>
    run.usage.map(({ name, samples }) => ({ name, points: samples.map((sample) => [sample.at, sample[y]]) }));
  if (run.usage.length === 0) return [];
  const x = 'seconds since the start';
  return [
    { kind: 'lines', title: `CPU of each process: ${run.name}`, x, y: 'cores', series: series('cores') },
    {
      kind: 'lines',
      title: `Memory of each process: ${run.name}`,
      x,
      y: 'RSS, MB',
      series: series('megabytes'),
    },
  ];
}

/** Sizes of batches and waits in queues, whichever service has them. */
export function queuePlots(run: Measured): Plot[] {
  const chosen = run.histograms.filter(({ name }) => /batch|queue|wait/.test(name));
  return chosen.map((histogram) => {
    const { service, name, bounds, counts } = histogram;
    const isTime = name.endsWith('seconds');
    const label = (bound: number | undefined) =>
      bound === Number.POSITIVE_INFINITY ? 'more' : `≤ ${isTime ? `${(bound ?? 0) * 1_000} ms` : bound}`;
    return {
      kind: 'bars',
      title: `${service}: ${name} (${run.name})`,
      x: isTime ? 'time' : 'size',
      y: 'count',
      labels: bounds.map(label),
      series: [{ name, values: counts }],
    };
  });
}

/** Latencies of every run; CPU of every process by run; histograms of the last run. */
export function loadTables(runs: readonly Measured[]): Table[] {
  const processes = [...new Set(runs.flatMap(({ usage }) => usage.map(({ name }) => name)))];
  const tables: Table[] = [
    {
      title: 'Runs',
      columns: ['run', 'pieces', 'a second', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'faults'],
      rows: runs.map(({ name, summary: s }) => {
        const faults = Object.entries(s.faults).map(([code, count]) => `${code}: ${count}`);
        return [name, s.count, s.perSecond, s.p50, s.p95, s.p99, s.max, faults.join(', ') || 'none'];
      }),
    },
  ];
  if (processes.length > 0)
    tables.push({
      title: 'CPU of each process, ms for one piece',
      columns: ['run', ...processes, 'all', 'cores busy'],
      rows: runs.map(({ name, usage, summary: { count }, seconds }) => {
        const each = processes.map((one) => usage.find((process) => process.name === one)?.cpuMs ?? 0);
        const all = each.reduce((sum, ms) => sum + ms, 0);
        return [
          name,
          ...[...each, all].map((ms) => (ms / count).toFixed(2)),
          (all / 1_000 / seconds).toFixed(2),
        ];
      }),
    });
  const rows = runs.flatMap((run) => run.histograms.map((one) => [run.name, ...histogramRow(one)]));
  if (rows.length > 0)
    tables.push({
      title: 'Histograms of the services',
      columns: ['run', 'service', 'histogram', 'count', 'mean'],
      rows,
    });
  return tables;
}

function histogramRow(histogram: Histogram): (string | number)[] {
  const count = countOf(histogram);
  const isTime = histogram.name.endsWith('seconds');
  const mean = (histogram.sum / count) * (isTime ? 1_000 : 1);
  return [histogram.service, histogram.name, count, `${mean.toFixed(2)}${isTime ? ' ms' : ''}`];
}

function good(attempts: Measured['attempts']): number[] {
  return attempts.filter(({ fault }) => fault === undefined).map(({ ms }) => ms);
}

/** Whole seconds, so that a long run has as many windows as a short one. */
function windowOf(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / WINDOWS));
}
