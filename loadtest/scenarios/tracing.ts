import type { GraphClient } from '../graph-client.ts';
import { median } from '../load/attempt.ts';
import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { openOtlpSink } from '../otlp-sink.ts';
import { loadPlots, loadTables } from '../report/plots-of.ts';
import type { Table, Target } from '../report/report.ts';
import type { System } from '../stack.ts';
import { classify, classifyWithHeatmap } from './answers.ts';
import type { Scenario } from './scenario.ts';

const WARM_UP_SECONDS = 3;
const RADIOGRAPHS = 20;
const KNOWN = `query Classification($id: ID!) {
  radiograph(id: $id) { classification { finding { code probability } decision } } }`;

/** `OTEL_TRACES_SAMPLER_ARG`; without one nothing is traced. */
const SYSTEMS = { off: undefined, 'one in ten': '0.1', all: '1' } as const;
const LOADS = ['known classification', 'upload with heatmap'] as const;
/** With every trace recorded, of what is answered without tracing. */
const LEAST_SHARE = 0.5;

type Traced = { readonly name: keyof typeof SYSTEMS; readonly system: System; readonly client: GraphClient };
type Run = { readonly load: (typeof LOADS)[number]; readonly traced: string; readonly run: Measured };

/** What tracing costs: three systems side by side, of which one is under load at a time, in turns. */
export const tracing: Scenario = async ({ options, radiographs, stack, client: of }) => {
  const { clients, seconds, rounds } = options;
  await using sink = await openOtlpSink();
  const traced: Traced[] = [];
  const ids = new Map<string, string[]>();
  for (const [name, share] of Object.entries(SYSTEMS)) {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: share === undefined ? '' : sink.url,
      OTEL_TRACES_SAMPLER_ARG: share ?? '',
    };
    const system = await stack({ env });
    const client = of(system);
    const known: string[] = [];
    while (known.length < RADIOGRAPHS) known.push((await classify(client, radiographs.next())).id);
    ids.set(name, known);
    traced.push({ name: name as Traced['name'], system, client });
  }
  const pieceOf = (load: Run['load'], { name, client }: Traced) => {
    const known = ids.get(name) ?? [];
    return async (index: number) =>
      void (load === 'known classification'
        ? await client.query(KNOWN, { id: known[index % known.length] })
        : await classifyWithHeatmap(client, radiographs.next()));
  };
  const runs: Run[] = [];
  for (const load of LOADS)
    for (const one of traced) await closedLoop(clients, forSeconds(WARM_UP_SECONDS), pieceOf(load, one));
  for (let round = 0; round < rounds; round += 1)
    for (const load of LOADS)
      for (const one of round % 2 === 0 ? traced : traced.toReversed()) {
        const loop = () => closedLoop(clients, forSeconds(seconds), pieceOf(load, one));
        const run = await measure(`${load}, ${one.name}, ${round + 1}`, one.system, loop);
        runs.push({ load, traced: one.name, run });
      }
  // Histograms of this many runs would fill pages and tell nothing of traces.
  const shown = runs.map(({ run }) => ({ ...run, histograms: [] }));
  return {
    name: 'tracing',
    title: 'What tracing costs',
    about: [
      `Three systems beside each other, without tracing, with one trace in ten recorded, and with all: ${clients} clients that each begin again when they are answered, on one system at a time, in turns; ${rounds} rounds of ${seconds} s for each. The collector takes everything and keeps nothing (${(sink.bytes() / 1e6).toFixed(0)} MB came); it runs in the driver's process, on the same cores.`,
      `A known classification: ${KNOWN.replace(/\s+/g, ' ')}. An upload: the mutation radiographClassify with a new radiograph and its heatmap, then the heatmap's bytes; ${radiographs.what}.`,
      'Spans wait for the collector in a queue of 2,048 in each process, which is sent every second; what comes beyond that is dropped.',
    ],
    targets: LOADS.map((load) => targetOf(load, runs)),
    tables: [shareTable(runs), ...loadTables(shown)],
    plots: loadPlots(shown.slice(-traced.length)),
  };
};

function rateOf(runs: readonly Run[], load: string, name: string): number {
  const chosen = runs.filter((one) => one.load === load && one.traced === name);
  return median(chosen.map(({ run }) => run.summary.perSecond));
}

const shareOf = (runs: readonly Run[], load: string, name: string) =>
  rateOf(runs, load, name) / rateOf(runs, load, 'off');

function targetOf(load: string, runs: readonly Run[]): Target {
  const share = shareOf(runs, load, 'all');
  return {
    what: `${load}: answered a second with every trace recorded, beside without tracing`,
    wanted: `at least ${LEAST_SHARE} ×`,
    got: `${share.toFixed(2)} ×`,
    met: share >= LEAST_SHARE,
  };
}

function shareTable(runs: readonly Run[]): Table {
  const names = Object.keys(SYSTEMS);
  return {
    title: 'Answered a second, medians of the rounds, beside without tracing',
    columns: ['load', ...names],
    rows: LOADS.map((load) => [load, ...names.map((name) => `${shareOf(runs, load, name).toFixed(2)} ×`)]),
  };
}
