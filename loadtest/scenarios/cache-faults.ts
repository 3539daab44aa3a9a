import { setTimeout as pause } from 'node:timers/promises';
import { type FaultProxy, openFaultProxy } from '../fault-proxy.ts';
import type { GraphClient } from '../graph-client.ts';
import { faultCount, percentiles } from '../load/attempt.ts';
import { closedLoop, upTo } from '../load/closed-loop.ts';
import { openLoop } from '../load/open-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { type OwnRedis, openOwnRedis } from '../own-redis.ts';
import { loadPlots, loadTables } from '../report/plots-of.ts';
import type { Table, Target } from '../report/report.ts';
import { growth } from '../watch/service-metrics.ts';
import { classify, classifyWithHeatmap, type Reading } from './answers.ts';
import type { Scenario } from './scenario.ts';

const USUAL_RATE = 6;
const WARM_UPS = 20;
const SLOW_MS = 500;
/** Radiographs that the cache holds when a phase begins; every other arrival is one of them. */
const KNOWN = 20;
const MOST_ADDED_MS = 60;
const MOST_SECONDS_BACK = 10;
const PATIENCE_SECONDS = 30;
const LOOK_EVERY_MS = 100;

type Cache = { readonly redis: OwnRedis; readonly proxy: FaultProxy };
type Fault = {
  readonly name: string;
  readonly begin?: (cache: Cache) => Promise<void>;
  readonly end?: (cache: Cache) => Promise<void>;
};

const open = ({ proxy }: Cache) => proxy.turn('open');
const HEALTHY: Fault = { name: 'healthy' };
const AGAIN: Fault = { name: 'healthy again' };
const FAULTS: readonly Fault[] = [
  {
    name: 'killed',
    // Behind a proxy that goes down with it, for else connections would be taken and then closed.
    begin: async ({ redis, proxy }) => void (await Promise.all([redis.kill(), proxy.turn('down')])),
    end: async ({ redis, proxy }) => {
      await redis.start();
      await proxy.turn('open');
    },
  },
  { name: 'black-holed', begin: ({ proxy }) => proxy.turn('mute'), end: open },
  { name: 'slow', begin: ({ proxy }) => proxy.turn({ slowMs: SLOW_MS }), end: open },
  { name: 'full', begin: ({ redis }) => redis.fill(), end: ({ redis }) => redis.drain() },
];
const PHASES = [HEALTHY, ...FAULTS, AGAIN];

type Known = { readonly picture: Buffer; readonly answer: string };
type Phase = {
  readonly name: string;
  readonly run: Measured;
  /** Radiographs sent again whose answer was not the first one's. */
  readonly changed: number;
  /** From the end of the fault until an answer came out of the cache; Infinity when none did. */
  readonly secondsBack: number;
};

/** What a Redis that is dead, mute, slow or full costs those who wait for a classification and its heatmap. */
export const cacheFaults: Scenario = async ({ options, radiographs, stack: start, client: of }) => {
  const { seconds, rounds, rate = USUAL_RATE } = options;
  await using redis = await openOwnRedis();
  await using proxy = await openFaultProxy(redis.port);
  const cache = { redis, proxy };
  const system = await start({ cacheUrl: `redis://127.0.0.1:${proxy.port}` });
  const client = of(system);
  await closedLoop(
    4,
    upTo(WARM_UPS),
    async () => void (await classifyWithHeatmap(client, radiographs.next())),
  );
  await secondsUntilUsed(client, radiographs.next());

  const phaseOf = async ({ name, begin, end }: Fault, round: number): Promise<Phase> => {
    const known: Known[] = [];
    while (known.length < KNOWN) {
      const picture = radiographs.next();
      known.push({ picture, answer: answerOf(await classifyWithHeatmap(client, picture)) });
    }
    let changed = 0;
    const run = await measure(`${name}, ${round + 1}`, system, async () => {
      await begin?.(cache);
      return openLoop(Math.ceil(seconds * rate), rate, async (index) => {
        const again = index % 2 === 1 ? known[(index >> 1) % KNOWN] : undefined;
        const reading = await classifyWithHeatmap(client, again?.picture ?? radiographs.next());
        if (again && answerOf(reading) !== again.answer) changed += 1;
      });
    });
    await end?.(cache);
    const [first] = known as [Known];
    return { name, run, changed, secondsBack: await secondsUntilUsed(client, first.picture) };
  };
  const phases: Phase[] = [];
  for (let round = 0; round < rounds; round += 1)
    for (const fault of PHASES) phases.push(await phaseOf(fault, round));
  const seen = PHASES.map(({ name }) => together(name, phases));
  // Histograms of this many runs would fill pages and tell nothing of the cache.
  const runs = phases.map(({ run }) => ({ ...run, histograms: [] }));
  return {
    name: 'cache-faults',
    title: 'The cache of inferences fails',
    about: [
      `REDIS_CACHE_URL is a proxy before a redis-server (allkeys-lfu, nothing on disk). Rounds of phases (${rounds}), each phase ${seconds} s of Poisson arrivals at ${rate} a second of the mutation radiographClassify with heatmap and its bytes. Every other radiograph is one of ${KNOWN} that were classified just before the phase, the rest are new: ${radiographs.what}.`,
      `Killed: SIGKILL, connections are refused. Black-holed: the proxy takes bytes and says nothing. Slow: it hands them on ${SLOW_MS} ms late, each way. Full: maxmemory is what is used, with noeviction. Each fault begins with its phase and ends with it; "used again" is how long it then took until an answer came out of the cache. Percentiles are of all rounds: a p99 of so few pieces is one of the slowest two or three.`,
    ],
    targets: targetsOf(seen),
    tables: [phaseTable(seen), cacheTable(seen), ...loadTables(runs)],
    plots: loadPlots(runs.slice(-PHASES.length)),
  };
};

/** What a caller acts on, to be compared. */
function answerOf({ classification }: Reading): string {
  return JSON.stringify([classification?.finding, classification?.decision]);
}

async function secondsUntilUsed(client: GraphClient, picture: Buffer): Promise<number> {
  const began = performance.now();
  for (let seconds = 0; seconds < PATIENCE_SECONDS; await pause(LOOK_EVERY_MS)) {
    const { classification } = await classify(client, picture);
    seconds = (performance.now() - began) / 1_000;
    if (classification?.cached) return seconds;
  }
  return Number.POSITIVE_INFINITY;
}

/** A phase in all its rounds. */
function together(name: string, phases: readonly Phase[]) {
  const rounds = phases.filter((phase) => phase.name === name);
  const runs = rounds.map(({ run }) => run);
  const attempts = runs.flatMap((run) => run.attempts);
  const times = attempts.filter(({ fault }) => fault === undefined).map(({ ms }) => ms);
  const [p50 = 0, p95 = 0, p99 = 0, max = 0] = percentiles(times, [0.5, 0.95, 0.99, 1]);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    name,
    pieces: attempts.length,
    faults: total(runs.map(({ summary }) => faultCount(summary))),
    changed: total(rounds.map(({ changed }) => changed)),
    secondsBack: Math.max(...rounds.map(({ secondsBack }) => secondsBack)),
    ...{ p50, p95, p99, max },
    counted: (metric: string, outcome: string) =>
      total(
        runs.map(
          ({ before, after }) =>
            growth(before.get('imaging'), after.get('imaging'), metric, 'outcome').get(outcome) ?? 0,
        ),
      ),
  };
}
type Seen = ReturnType<typeof together>;

function targetsOf(seen: readonly Seen[]): Target[] {
  const total = (key: 'faults' | 'changed' | 'pieces') => seen.reduce((sum, phase) => sum + phase[key], 0);
  const slowest = Math.max(...seen.map(({ secondsBack }) => secondsBack));
  const [{ p99: healthy }] = seen as [Seen];
  return [
    {
      what: 'failed requests, all phases',
      wanted: 'none',
      got: `${total('faults')} of ${total('pieces')}`,
      met: total('faults') === 0,
    },
    {
      what: 'other answers to radiographs that were sent again',
      wanted: 'none',
      got: String(total('changed')),
      met: total('changed') === 0,
    },
    ...seen
      .filter(({ name }) => FAULTS.some((fault) => fault.name === name))
      .map(({ name, p99, pieces }) => ({
        what: `p99 above that of the healthy phase: ${name}`,
        wanted: `less than ${MOST_ADDED_MS} ms`,
        got: `${Math.round(p99 - healthy)} ms (${pieces} pieces)`,
        met: p99 - healthy < MOST_ADDED_MS,
      })),
    {
      what: 'longest time until the cache was used again',
      wanted: `less than ${MOST_SECONDS_BACK} s`,
      got: `${slowest.toFixed(1)} s`,
      met: slowest < MOST_SECONDS_BACK,
    },
  ];
}

function phaseTable(seen: readonly Seen[]): Table {
  return {
    title: 'Phases',
    columns: [
      ...['phase', 'pieces', 'failed', 'other answers'],
      ...['p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'used again, s'],
    ],
    rows: seen.map(({ name, pieces, faults, changed, p50, p95, p99, max, secondsBack }) => [
      ...[name, pieces, faults, changed],
      ...[p50, p95, p99, max].map(Math.round),
      secondsBack.toFixed(1),
    ]),
  };
}

function cacheTable(seen: readonly Seen[]): Table {
  const lookups = ['hit', 'miss', 'error', 'resting'];
  const writes = ['stored', 'error', 'resting'];
  return {
    title: 'What imaging counted of its cache (resting: not asked, because it had failed)',
    columns: ['phase', ...lookups.map((one) => `look-ups: ${one}`), ...writes.map((one) => `writes: ${one}`)],
    rows: seen.map(({ name, counted }) => [
      name,
      ...lookups.map((one) => counted('inference_cache_lookups_total', one)),
      ...writes.map((one) => counted('inference_cache_writes_total', one)),
    ]),
  };
}
