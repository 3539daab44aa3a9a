import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Measured } from './closed-loop.ts';

export type Rounds = { readonly name: string; readonly rounds: readonly Measured[] };
export type Setting = { readonly connections: number; readonly seconds: number; readonly load: number };

/** What the first of the contenders is measured against, with what it is expected to reach. */
export type Target = { readonly startsWith: string; readonly ratio: number };

/** The page of a run: medians with the spread over the rounds, and the first contender's ratio to each other one,
 *  taken within each round, so that a slow minute of the machine slows both sides. */
export function benchmarkReport(
  contenders: readonly Rounds[],
  targets: readonly Target[],
  { connections, seconds, load }: Setting,
): string {
  const [ours, ...others] = contenders;
  if (!ours) throw new Error('Expected contenders');
  const rows = contenders.map(({ name, rounds }) => {
    const column = (of: (measured: Measured) => number | undefined, digits: number) =>
      spread(
        rounds.flatMap((round) => of(round) ?? []),
        digits,
      );
    return `| ${name} | ${column((m) => m.requestsPerSecond, 0)} | ${column((m) => m.p50Ms, 1)} | ${column((m) => m.p99Ms, 1)} | ${column((m) => m.cpuMsPerRequest, 2)} | ${column((m) => m.residentMb, 0)} |`;
  });
  const ratios = others.map(({ name, rounds }) => {
    const of = (value: (measured: Measured) => number | undefined, invert: boolean) =>
      rounds.flatMap((round, i) => {
        const [theirs, own] = [value(round), ours.rounds[i] && value(ours.rounds[i])];
        if (!theirs || !own) return [];
        return [invert ? theirs / own : own / theirs];
      });
    const speed = of((m) => m.requestsPerSecond, false);
    const target = targets.find(({ startsWith }) => name.startsWith(startsWith))?.ratio;
    const met =
      target === undefined ? '' : median(speed) >= target ? `${target} reached` : `${target} missed`;
    return `| ${name} | ${spread(speed, 2)} | ${spread(
      of((m) => m.cpuMsPerRequest, true),
      2,
    )} | ${met} |`;
  });
  return `# ${ours.name} beside other federation gateways

Two subgraphs, a list of 20 entities joined from the second one, ${connections} connections that each ask again when they
are answered, distinct variables in every request, ${ours.rounds.length} rounds of ${seconds} s for each gateway, interleaved
in changing order. Each gateway is one process; each answer was checked to be whole. Written by
\`npm run benchmark\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'},
${Math.round(totalmem() / 2 ** 30)} GiB; load average before the start ${load.toFixed(2)}, after the end ${loadavg()[0]?.toFixed(2)}, subgraphs and driver on the same machine.

Each cell: the median, and in brackets the least and the most of all rounds.

| gateway | requests/s | p50 ms | p99 ms | CPU ms/request | RSS MB |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## ${ours.name} divided by each

| gateway | requests/s | requests for one CPU second | target |
| --- | --- | --- | --- |
${ratios.join('\n')}
`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return '–';
  const text = (value: number) => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}
