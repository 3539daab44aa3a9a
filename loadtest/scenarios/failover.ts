import { setTimeout as pause } from 'node:timers/promises';
import { percentiles } from '../load/attempt.ts';
import { openLoop } from '../load/open-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots } from '../report/plots-of.ts';
import type { LinePlot } from '../report/report.ts';
import { serverOf } from '../stack.ts';
import { classifyWithHeatmap } from './answers.ts';
import type { Scenario } from './scenario.ts';

const POOLS = ['gpu', 'cpu'] as const;
const USUAL_RATE = 8;
const WARM_UPS = 5;
/** How long after the kill the pool counts as just lost: a breaker has opened by then. */
const OPENING_SECONDS = 5;
const MOST_FAILED_SHARE = 0.01;

type Answer = { readonly at: number; readonly pool: string };

/** Two pools of model servers; the preferred one is killed under load and comes back later. */
export const failover: Scenario = async ({ options, radiographs, stack: start, client: of }) => {
  const { seconds, rate = USUAL_RATE } = options;
  const system = await start({ pools: POOLS });
  const client = of(system);
  const [preferred] = POOLS;
  const work = () => classifyWithHeatmap(client, radiographs.next());
  await Promise.all(Array.from({ length: WARM_UPS }, work));
  const answers: Answer[] = [];
  const moments = { kill: 0, back: 0 };
  const run = await measure('all', system, async () => {
    const trouble = (async () => {
      await pause(seconds * 1_000);
      moments.kill = performance.now();
      await system.kill(serverOf(preferred));
      await pause(seconds * 1_000);
      await system.start(serverOf(preferred));
      moments.back = performance.now();
    })();
    const attempts = await openLoop(Math.ceil(3 * seconds * rate), rate, async () => {
      const { classification } = await work();
      answers.push({ at: performance.now(), pool: classification?.pool ?? 'none' });
    });
    await trouble;
    return attempts;
  });
  const phases = phasesOf(run, moments);
  const failed = ({ attempts }: Phase) => attempts.filter(({ fault }) => fault !== undefined).length;
  const [, during, after] = phases as [Phase, Phase, Phase, Phase];
  const share = failed(during) / Math.max(1, during.attempts.length);
  return {
    name: 'failover',
    title: 'One of two pools is killed under load',
    about: [
      `TF_SERVING=gpu=…,cpu=…, both embedded model servers of this machine; Poisson arrivals at ${rate} a second, each a mutation radiographClassify with heatmap and its bytes. After ${seconds} s the preferred pool gets SIGKILL, ${seconds} s later it is started again.`,
      `"During" is the ${OPENING_SECONDS} s from the kill on, by the time of arrival. Radiographs: ${radiographs.what}; no two alike.`,
    ],
    targets: [
      {
        what: `failed requests in the ${OPENING_SECONDS} s after the kill`,
        wanted: `less than ${MOST_FAILED_SHARE * 100} %`,
        got: `${(share * 100).toFixed(1)} % (${failed(during)} of ${during.attempts.length})`,
        met: share < MOST_FAILED_SHARE,
      },
      {
        what: 'failed requests after that, until the pool is back',
        wanted: 'none',
        got: `${failed(after)} of ${after.attempts.length}`,
        met: failed(after) === 0,
      },
    ],
    tables: [
      {
        title: 'Phases',
        columns: [
          'phase',
          'requests',
          'failed',
          'p50 ms',
          'p99 ms',
          ...POOLS.map((pool) => `answered by ${pool}`),
        ],
        rows: phases.map((phase) => [
          phase.name,
          phase.attempts.length,
          failed(phase),
          ...percentiles(
            phase.attempts.filter(({ fault }) => !fault).map(({ ms }) => ms),
            [0.5, 0.99],
          ).map(Math.round),
          ...POOLS.map(
            (pool) =>
              answers.filter((one) => one.pool === pool && one.at >= phase.from && one.at < phase.to).length,
          ),
        ]),
      },
      ...loadTables([run]),
    ],
    plots: [poolsOverTime(run, answers, moments), ...loadPlots([run]), ...processPlots(run)],
  };
};

type Phase = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly attempts: Measured['attempts'];
};

function phasesOf({ attempts, began }: Measured, { kill, back }: { kill: number; back: number }): Phase[] {
  const opened = kill + OPENING_SECONDS * 1_000;
  const bounds = [
    ['before', began, kill],
    ['during', kill, opened],
    ['after', opened, back],
    ['back', back, Number.POSITIVE_INFINITY],
  ] as const;
  return bounds.map(([name, from, to]) => ({
    name,
    from,
    to,
    attempts: attempts.filter((one) => one.began >= from && one.began < to),
  }));
}

function poolsOverTime(
  { began, seconds }: Measured,
  answers: readonly Answer[],
  { kill, back }: { kill: number; back: number },
): LinePlot {
  const second = (at: number) => Math.floor((at - began) / 1_000);
  const counts = (pool: string) =>
    Array.from(
      { length: Math.floor(seconds) },
      (_, at) => answers.filter((one) => one.pool === pool && second(one.at) === at).length,
    );
  return {
    kind: 'lines',
    title: 'Who answered',
    x: 'seconds since the start',
    y: 'answers a second',
    series: POOLS.map((pool) => ({
      name: pool,
      points: counts(pool).map((count, at) => [at + 0.5, count] as const),
    })),
    marks: [
      { at: (kill - began) / 1_000, what: 'killed' },
      { at: (back - began) / 1_000, what: 'back' },
    ],
  };
}
