import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readSettings } from '#common/env.ts';
import { type Charts, drawCharts } from './charts.ts';
import { measureFailover } from './failover.ts';
import { measureFullRedis } from './full-redis.ts';
import { haproxyServer } from './haproxy.ts';
import { ENGINE_SETS, missingFor } from './hospital.ts';
import { measureKills } from './kills.ts';
import { measureOutages, OUTAGES } from './outages.ts';
import { chaosReport, type Measure } from './report.ts';
import { type Finding, missed } from './target.ts';

// Kills, starves and cuts off the parts of the whole system, and judges what is left.
// npm run chaos -- [--only kills,outages,full-redis,failover] [--engines 'one machine'] [--out FILE]

const WANTED_UNDER_WORK = 30;
const PER_OUTAGE = 40;
const FULL_REDIS_IMAGES = 90;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'kills,outages,full-redis,failover' },
    engines: { type: 'string', default: ENGINE_SETS.join() },
    out: { type: 'string', default: join(import.meta.dirname, '../../../loadtest/reports/chaos.md') },
  },
});
const whole = z.coerce.number().int();
const settings = readSettings(
  {
    CHAOS_JOBS: whole.min(1).default(500),
    CHAOS_KILLS: whole.min(1).default(38),
    CHAOS_ROUNDS: whole.min(1).default(3),
    CHAOS_SEED: whole.min(0).default(Math.floor(Math.random() * 1e6)),
    CHAOS_OUTAGE_SECONDS: z.coerce.number().min(1).default(15),
    CHAOS_SUBSCRIBERS: whole.min(2).default(100),
  },
  process.env,
);
const missing = [...missingFor('many machines'), ...(haproxyServer ? [] : ['haproxy'])];
if (missing.length > 0) throw new Error(`Expected ${missing.join(', ')} on this machine`);
console.log(`Again the same: CHAOS_SEED=${settings.CHAOS_SEED}`);

let drawn: Charts | undefined;
const charts = async () => {
  const most = Math.max(settings.CHAOS_JOBS, OUTAGES.length * PER_OUTAGE);
  drawn ??= await drawCharts(most);
  return drawn;
};
const first = ({ images, expected, distance }: Charts, count: number): Charts => ({
  ...{ images: images.slice(0, count), expected: expected.slice(0, count), distance },
});
const told = (finding: Finding): Finding => {
  console.log(`\n${finding.title}`);
  for (const { what, got, wanted, reached } of finding.targets)
    console.log(`  ${reached ? 'reached' : 'MISSED '}  ${what}: ${got} (wanted ${wanted})`);
  for (const text of finding.seen) console.log(`  ${text}`);
  return finding;
};

async function kills(): Promise<Measure> {
  const { CHAOS_JOBS: jobs, CHAOS_KILLS: count, CHAOS_ROUNDS: rounds, CHAOS_SEED: seed } = settings;
  const findings: Finding[] = [];
  const wanted = ENGINE_SETS.filter((engines) => values.engines.split(',').includes(engines));
  for (const engines of wanted)
    for (let round = 0; round < rounds; round += 1)
      findings.push(
        told(
          await measureKills(engines, {
            ...{ kills: count, underWork: Math.min(WANTED_UNDER_WORK, count) },
            seed: seed + round,
            charts: first(await charts(), jobs),
          }),
        ),
      );
  const { distance } = await charts();
  return {
    name: 'kill -9 at random moments',
    about: `${jobs} images in a round, by six uploaders that send again what was not acknowledged, while two readers ask for results and heatmaps. A result counts as wrong when a probability differs by more than 0.00001 from that of a calm run, or the heatmap's peak lies elsewhere; the results of the two most alike images are ${distance.toFixed(5)} apart.`,
    findings,
  };
}

async function outages(): Promise<Measure> {
  const size = { outageMs: settings.CHAOS_OUTAGE_SECONDS * 1_000, perOutage: PER_OUTAGE };
  const findings = await measureOutages(OUTAGES, { ...size, charts: await charts() });
  return {
    name: 'Outages',
    about: `Many machines, with a TCP proxy before PostgreSQL and Redis that refuses (down), says nothing (mute) or resets; the model server is killed and stays away. ${PER_OUTAGE} images around each outage, half of them during it.`,
    findings: findings.map(told),
  };
}

async function fullRedis(): Promise<Measure> {
  return {
    name: 'A full Redis',
    about: `Many machines; a third of ${FULL_REDIS_IMAGES} images before the Redis of the queue is filled to its last byte, a third while it is full, a third afterwards.`,
    findings: [told(await measureFullRedis(first(await charts(), FULL_REDIS_IMAGES)))],
  };
}

async function failover(): Promise<Measure> {
  const count = settings.CHAOS_SUBSCRIBERS;
  const findings = await measureFailover({ early: count, late: count });
  return {
    name: 'A gateway ends under subscriptions',
    about: `Two gateways behind HAProxy. ${count} subscribers of jobStatus before one gateway ends and ${count} afterwards, half of these when their job has ended already; each over a connection of its own by graphql-ws with its defaults.`,
    findings: findings.map(told),
  };
}

const measures: Record<string, () => Promise<Measure>> = {
  kills,
  outages,
  'full-redis': fullRedis,
  failover,
};
const done: Measure[] = [];
for (const name of values.only.split(',')) {
  const measure = measures[name];
  if (!measure) throw new Error(`Expected ${Object.keys(measures).join(', ')}, got ${name}`);
  done.push(await measure());
}
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, chaosReport(done));
if (done.some(({ findings }) => findings.flatMap(missed).length > 0)) process.exitCode = 1;
