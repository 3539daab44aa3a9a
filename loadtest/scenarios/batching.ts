import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { evenly, openLoop } from '../load/open-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { syntheticRadiographs } from '../radiographs.ts';
import { loadPlots, loadTables, queuePlots } from '../report/plots-of.ts';
import type { BarPlot } from '../report/report.ts';
import { openSlowPool } from '../slow-pool.ts';
import { classify } from './answers.ts';
import type { Scenario } from './scenario.ts';

const SLOT_MS = 30;
const CONCURRENT = 32;
const LEAST_MEAN = 4;
const CALM_RATE = 2;
const WARM_UP_SECONDS = 3;
/** Small ones: the model server is to be the narrow place, not the decoder. */
const SIZE = { width: 256, height: 256 };

/** How batches grow when the model server is what everybody waits for, and that they do not when nobody waits. */
export const batching: Scenario = async ({ options: { seconds }, stack: start, client: of }) => {
  await using pool = await openSlowPool(SLOT_MS);
  const system = await start({ modelServers: `slow=${pool.address}` });
  const client = of(system);
  const radiographs = await syntheticRadiographs(SIZE, 8);
  const work = async () => void (await classify(client, radiographs.next()));
  await closedLoop(CONCURRENT, forSeconds(WARM_UP_SECONDS), work);
  pool.takeBatches();
  const pressed = await measure(`${CONCURRENT} concurrent`, system, () =>
    closedLoop(CONCURRENT, forSeconds(seconds), work),
  );
  const grown = pool.takeBatches();
  const calm = await measure(`${CALM_RATE} a second`, system, () =>
    openLoop(CALM_RATE * seconds, CALM_RATE, work, evenly),
  );
  const single = pool.takeBatches();
  return {
    name: 'batching',
    title: 'Batches at a slow pool',
    about: [
      `The only pool is simulated: one slot that takes ${SLOT_MS} ms for a batch of any size. ${CONCURRENT} clients that each send one mutation radiographClassify after another; then ${CALM_RATE} a second. The pool itself counts what comes. Radiographs: ${radiographs.what}.`,
    ],
    targets: [
      {
        what: `mean batch with ${CONCURRENT} concurrent clients`,
        wanted: `at least ${LEAST_MEAN}`,
        got: mean(grown).toFixed(2),
        met: mean(grown) >= LEAST_MEAN,
      },
      {
        what: `mean batch at ${CALM_RATE} a second`,
        wanted: '1.0',
        got: mean(single).toFixed(2),
        met: mean(single) === 1,
      },
    ],
    tables: loadTables([pressed, calm]),
    plots: [sizes(pressed, grown), sizes(calm, single), ...loadPlots([pressed]), ...queuePlots(pressed)],
  };
};

function sizes({ name }: Measured, batches: readonly number[]): BarPlot {
  const labels = Array.from({ length: Math.max(1, ...batches) }, (_, i) => i + 1);
  return {
    kind: 'bars',
    title: `Batches that reached the pool: ${name}`,
    x: 'images',
    y: 'batches',
    labels: labels.map(String),
    series: [{ name: 'batches', values: labels.map((size) => batches.filter((one) => one === size).length) }],
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
