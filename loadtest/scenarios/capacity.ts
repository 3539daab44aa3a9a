import { cpus } from 'node:os';
import { openFloor } from '../floor/floor.ts';
import { type Attempt, faultCount, median } from '../load/attempt.ts';
import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { evenly, openLoop } from '../load/open-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots, queuePlots } from '../report/plots-of.ts';
import type { Report } from '../report/report.ts';
import { classifyWithHeatmap } from './answers.ts';
import { FLOOR_DOES } from './floor.ts';
import type { Scenario } from './scenario.ts';

const LEAST_SHARE = 0.6;
const MOST_ADDED_MS = 15;
/** Until the code of the services is compiled: in the first 20 s an image takes a fifth more of their time. */
const WARM_UP_SECONDS = 20;

/** The floor and the whole way in turns on the same cores: images a second when pressed, latency at one a second. */
export const capacity: Scenario = async ({ options, radiographs, system: open, client: clientOf }) => {
  const { clients, seconds, rounds, model } = options;
  const system = await open();
  const client = clientOf(system);
  await using floor = await openFloor(model);
  const ways = [
    { name: 'floor', lanes: floor.lanes, work: async () => void (await floor.read(radiographs.next())) },
    {
      name: 'end to end',
      lanes: clients,
      work: async () => void (await classifyWithHeatmap(client, radiographs.next())),
    },
  ];
  for (const { lanes, work } of ways) await closedLoop(lanes, forSeconds(WARM_UP_SECONDS), work);
  const pressed: Measured[] = [];
  const calm: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ways : ways.toReversed();
    for (const { name, lanes, work } of order)
      pressed.push(
        await measure(`${name}, pressed, ${round + 1}`, system, () =>
          closedLoop(lanes, forSeconds(seconds), work),
        ),
      );
    for (const { name, work } of order)
      calm.push(await measure(`${name}, 1 a second, ${round + 1}`, system, () => calmly(seconds, work)));
  }
  return told(pressed, calm, [
    `${rounds} rounds of ${seconds} s each, in turns: the floor (${FLOOR_DOES}), and the whole way: ${clients} clients that each send one multipart mutation radiographClassify for classification and heatmap, then fetch the heatmap's bytes.`,
    `Then each at one image a second, evenly spaced. Radiographs: ${radiographs.what}; no two alike, so that no cache helps. The driver shares the ${cpus().length} cores.`,
  ]);
};

function calmly(seconds: number, work: () => Promise<void>): Promise<Attempt[]> {
  return openLoop(Math.ceil(seconds), 1, work, evenly);
}

function told(pressed: readonly Measured[], calm: readonly Measured[], about: string[]): Report {
  const of = (runs: readonly Measured[], name: string) => runs.filter((run) => run.name.startsWith(name));
  const rates = (name: string) =>
    of(pressed, name).map(({ summary, seconds }) => (summary.count - faultCount(summary)) / seconds);
  const waits = (name: string) =>
    of(calm, name).map(({ attempts }) => median(attempts.filter((one) => !one.fault).map(({ ms }) => ms)));
  const [floorRate, wholeRate] = [median(rates('floor')), median(rates('end to end'))];
  const [floorMs, wholeMs] = [median(waits('floor')), median(waits('end to end'))];
  const share = wholeRate / floorRate;
  const added = wholeMs - floorMs;
  const last = of(pressed, 'end to end').at(-1) as Measured;
  return {
    name: 'capacity',
    title: 'Capacity: the whole way beside the work alone',
    about,
    targets: [
      {
        what: 'images a second, end to end beside the floor',
        wanted: `at least ${LEAST_SHARE} ×`,
        got: `${share.toFixed(2)} × (${wholeRate.toFixed(1)} beside ${floorRate.toFixed(1)})`,
        met: share >= LEAST_SHARE,
      },
      {
        what: 'latency at 1 image a second, end to end over the floor (p50)',
        wanted: `at most ${MOST_ADDED_MS} ms`,
        got: `${added.toFixed(1)} ms (${wholeMs.toFixed(1)} over ${floorMs.toFixed(1)})`,
        met: added <= MOST_ADDED_MS,
      },
    ],
    tables: [
      {
        title: 'Medians of the rounds',
        columns: ['', 'floor', 'end to end', 'end to end beside the floor'],
        rows: [
          ['images a second', floorRate.toFixed(1), wholeRate.toFixed(1), share.toFixed(2)],
          // Told apart from the other work of a machine that is busy.
          ['images for one CPU second', ...perCpuSecond(of(pressed, 'floor'), of(pressed, 'end to end'))],
          ['p50 at 1 a second, ms', floorMs.toFixed(1), wholeMs.toFixed(1), ''],
        ],
      },
      ...loadTables([...pressed, ...calm]),
    ],
    plots: [
      {
        kind: 'bars',
        title: 'Images a second',
        x: 'round',
        y: 'images a second',
        labels: rates('floor').map((_, i) => String(i + 1)),
        series: ['floor', 'end to end'].map((name) => ({ name, values: rates(name) })),
      },
      {
        kind: 'bars',
        title: 'Latency at 1 image a second, p50',
        x: 'round',
        y: 'ms',
        labels: waits('floor').map((_, i) => String(i + 1)),
        series: ['floor', 'end to end'].map((name) => ({ name, values: waits(name) })),
      },
      ...loadPlots([last]),
      ...processPlots(last),
      ...queuePlots(last),
    ],
  };
}

/** Of all processes that were seen; the idle services cost the floor next to nothing. */
function perCpuSecond(...ways: readonly (readonly Measured[])[]): string[] {
  const [floor = Number.NaN, whole = Number.NaN] = ways.map((runs) =>
    median(
      runs.map(
        ({ usage, summary }) => summary.count / (usage.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000),
      ),
    ),
  );
  return [floor.toFixed(1), whole.toFixed(1), (whole / floor).toFixed(2)];
}
