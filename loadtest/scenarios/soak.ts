import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { openLoop } from '../load/open-loop.ts';
import { measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots, queuePlots } from '../report/plots-of.ts';
import { slope, type Usage } from '../watch/process-watch.ts';
import { classifyWithHeatmap } from './answers.ts';
import type { Scenario } from './scenario.ts';

const SHARE_OF_CAPACITY = 0.7;
const WARM_UP_SECONDS = 5;
/** Of the time, before which memory is not looked at: caches fill, the heap finds its size. */
const WARM_UP_SHARE = 0.2;
const MOST_GROWTH = 1;

/** A long load at 70 % of what the system can do: nothing may fail, no process may grow. */
export const soak: Scenario = async ({ options, radiographs, system: open, client: of }) => {
  const { clients, seconds, minutes } = options;
  const system = await open();
  const client = of(system);
  const work = async () => void (await classifyWithHeatmap(client, radiographs.next()));
  await closedLoop(clients, forSeconds(WARM_UP_SECONDS), work);
  const pressed = await measure('pressed', system, () => closedLoop(clients, forSeconds(seconds), work));
  const rate = options.rate ?? SHARE_OF_CAPACITY * pressed.summary.perSecond;
  const count = Math.ceil(rate * minutes * 60);
  const long = await measure(`${minutes} minutes`, system, () => openLoop(count, rate, work));
  const growing = long.usage.map((usage) => ({ name: usage.name, perMinute: growthOf(usage) }));
  const most = Math.max(...growing.filter(({ name }) => name !== 'driver').map(({ perMinute }) => perMinute));
  return {
    name: 'soak',
    title: `${minutes} minutes at ${rate.toFixed(1)} images a second`,
    about: [
      `${clients} clients in a closed loop reached ${pressed.summary.perSecond} images a second in ${seconds} s. Then ${minutes} minutes of Poisson arrivals at ${rate.toFixed(1)} a second: the mutation radiographClassify for classification and heatmap, then the heatmap's bytes. Radiographs: ${radiographs.what}; no two alike.`,
      `Growth is the slope of resident memory by least squares, without the first ${WARM_UP_SHARE * 100} % of the time.`,
    ],
    targets: [
      {
        what: `faults in ${count} radiographs`,
        wanted: 'none',
        got: JSON.stringify(long.summary.faults),
        met: Object.keys(long.summary.faults).length === 0,
      },
      {
        what: 'growth of memory, the process that grows most',
        wanted: `less than ${MOST_GROWTH} MB a minute`,
        got: `${most.toFixed(2)} MB a minute`,
        met: most < MOST_GROWTH,
      },
    ],
    tables: [
      {
        title: 'Memory',
        columns: ['process', 'MB after the warm-up', 'MB at the end', 'MB a minute'],
        rows: long.usage.map(({ name, samples }, i) => [
          name,
          samples[Math.floor(samples.length * WARM_UP_SHARE)]?.megabytes.toFixed(0) ?? '',
          samples.at(-1)?.megabytes.toFixed(0) ?? '',
          growing[i]?.perMinute.toFixed(2) ?? '',
        ]),
      },
      ...loadTables([pressed, long]),
    ],
    plots: [...loadPlots([long]), ...processPlots(long), ...queuePlots(long)],
  };
};

function growthOf({ samples }: Usage): number {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  return slope(settled.map(({ at, megabytes }) => [at / 60, megabytes]));
}
