import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Charts } from './charts.ts';
import { type Hospital, startHospital } from './hospital.ts';
import { send } from './hospital-client.ts';
import { all, atLeast, count, type Finding, none, tally } from './target.ts';
import { judge, verdictTargets } from './verdict.ts';

const MAX_MEMORY = 4 * 1024 * 1024;
const FILLER = 'filler:';
const SLICES = [100_000, 1_000];
const ENDED_MS = 60_000;

/** Fills the Redis of the queue to its last byte while images come in, and makes room again. */
export async function measureFullRedis(charts: Charts): Promise<Finding> {
  await using hospital = await startHospital('many machines', {
    redis: ['--maxmemory', String(MAX_MEMORY), '--maxmemory-policy', 'noeviction'],
  });
  await hospital.ready();
  if (!hospital.redis) throw new Error('Expected a Redis');
  const redis = new Redis(hospital.redis.url);
  const acknowledged = new Map<string, number>();
  const refusals = new Map<string, number>();
  const third = Math.ceil(charts.images.length / 3);
  const sendThird = async (which: number) => {
    for (const [i, image] of charts.images.slice(which * third, (which + 1) * third).entries()) {
      const sent = await send(hospital.gateways[i % 2]?.url ?? '', image);
      if (sent.answer) acknowledged.set(sent.answer, which * third + i);
      else count(refusals, sent.refusal);
    }
  };
  try {
    await sendThird(0);
    await fill(redis);
    const [before, refusedBefore] = [await queued(redis), await refusedWrites(redis)];
    await sendThird(1);
    const open = await untilEnded(hospital);
    const refusedWhileFull = (await refusedWrites(redis)) - refusedBefore;
    await redis.del(await redis.keys(`${FILLER}*`));
    // The workers go back to the queue once a write has succeeded.
    await pause(PROBE_MS);
    await sendThird(2);
    const openLater = await untilEnded(hospital);
    const afterwards = (await queued(redis)) - before;
    const verdict = await judge(hospital, acknowledged, charts.expected);
    return {
      title: 'A Redis that is full (maxmemory, noeviction)',
      targets: [
        all('images acknowledged', acknowledged.size, charts.images.length),
        none('jobs that waited on for room', open),
        atLeast('writes that Redis refused meanwhile', refusedWhileFull, 1),
        none('jobs open after there was room', openLater),
        atLeast('jobs that went into the queue again', afterwards, 1),
        ...verdictTargets(verdict),
        none('processes that ended by themselves', hospital.crashes().length),
      ],
      seen: [`Refused: ${tally(refusals)}.`, `${verdict.audit}.`, ...hospital.crashes(), ...verdict.faults],
    };
  } finally {
    redis.disconnect();
  }
}

const PROBE_MS = 2_500;

/** How many jobs BullMQ has been told of in all. */
async function queued(redis: Redis): Promise<number> {
  return (await redis.keys('bull:radiograph-jobs:????????-*')).filter((key) => !key.endsWith(':lock')).length;
}

/** How many writes Redis has refused for want of room. */
async function refusedWrites(redis: Redis): Promise<number> {
  return Number(/errorstat_OOM:count=(\d+)/.exec(await redis.info('errorstats'))?.[1] ?? 0);
}

async function fill(redis: Redis): Promise<void> {
  for (const bytes of SLICES) {
    const slice = Buffer.alloc(bytes);
    for (let i = 0; ; i += 1) {
      const refused = await redis.set(`${FILLER}${bytes}:${i}`, slice).then(
        () => false,
        () => true,
      );
      if (refused) break;
    }
  }
}

async function untilEnded(hospital: Hospital): Promise<number> {
  await using ledger = await hospital.ledger();
  for (const until = Date.now() + ENDED_MS; ; await pause(100)) {
    const open = await ledger.waiting();
    if (open === 0 || Date.now() > until) return open;
  }
}
