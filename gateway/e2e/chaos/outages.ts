import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyMode } from '../../../subgraphs/imaging/testing/tcp-proxy.ts';
import type { Charts } from './charts.ts';
import { ANSWER_MS, type Hospital, startHospital } from './hospital.ts';
import { send } from './hospital-client.ts';
import { oneOf } from './seeded.ts';
import { all, atLeast, atMost, count, type Finding, none, tally } from './target.ts';
import { judge, verdictTargets } from './verdict.ts';

export type Outage = {
  readonly of: 'postgres' | 'redis' | 'serving';
  /** For a store: what its network does. The model server is killed. */
  readonly mode: Exclude<ProxyMode['kind'], 'open' | 'slow'>;
};

export const OUTAGES: readonly Outage[] = [
  ...(['postgres', 'redis'] as const).flatMap((of) =>
    (['down', 'mute', 'reset'] as const).map((mode) => ({ of, mode })),
  ),
  { of: 'serving', mode: 'down' },
];

type Course = {
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly duringOutage: number;
  readonly refusals: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  /** From the end of the outage until every job has ended. */
  readonly recoveredMs: number;
};

/** Refusals that tell a client to come back. */
const PASSING = new Set(['OVERLOADED', 'DEADLINE_EXCEEDED']);
const RETRY_MS = 300;
/** Leases run out, connections are given up and breakers close again. */
const RECOVERY_MS = 60_000;
const GRACE_MS = 2_000;

/** Takes one part after the other away while images come in, and judges what is stored in the end.
 *  @param outageMs how long each is away @param perOutage images that come in around each outage */
export async function measureOutages(
  outages: readonly Outage[],
  { outageMs, perOutage, charts }: { outageMs: number; perOutage: number; charts: Charts },
): Promise<Finding[]> {
  await using hospital = await startHospital('many machines', { breakable: true });
  await hospital.ready();
  const acknowledged = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [index, outage] of outages.entries()) {
    const images = charts.images.slice(index * perOutage, (index + 1) * perOutage);
    const course = await sendThrough(hospital, outage, images, outageMs);
    for (const [job, image] of course.acknowledged) acknowledged.set(job, image + index * perOutage);
    findings.push(findingOf(outage, course, images.length, outageMs));
  }
  const verdict = await judge(hospital, acknowledged, charts.expected);
  const crashes = hospital.crashes();
  return [
    ...findings,
    {
      title: 'After all outages',
      targets: [...verdictTargets(verdict), none('processes that ended by themselves', crashes.length)],
      seen: [`${verdict.audit}.`, ...crashes, ...verdict.faults],
    },
  ];
}

async function sendThrough(
  hospital: Hospital,
  outage: Outage,
  images: readonly Buffer[],
  outageMs: number,
): Promise<Course> {
  const acknowledged = new Map<string, number>();
  const refusals = new Map<string, number>();
  const urls = hospital.gateways.map(({ url }) => url);
  let isOut = false;
  let duringOutage = 0;
  let slowestMs = 0;
  const until = Date.now() + 2 * outageMs + RECOVERY_MS;
  const sendUntilTaken = async (image: Buffer, index: number) => {
    for (;;) {
      const began = performance.now();
      const beganOut = isOut;
      const sent = await send(oneOf(Math.random, urls), image);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      if (sent.answer) {
        acknowledged.set(sent.answer, index);
        if (beganOut && isOut) duringOutage += 1;
        return;
      }
      count(refusals, sent.refusal);
      if (Date.now() > until) throw new Error(`An image is not taken: ${sent.refusal}`);
      await pause(RETRY_MS);
    }
  };
  // A quarter of the images before, half of them while the part is away, and a quarter after.
  const everyMs = (2 * outageMs) / images.length;
  const sending: Promise<void>[] = [];
  const sendFor = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      const image = images[sending.length];
      if (!image) return;
      sending.push(sendUntilTaken(image, sending.length));
      await pause(everyMs);
    }
  };
  await sendFor(images.length / 4);
  isOut = true;
  const cured = await afflict(hospital, outage);
  await sendFor(images.length / 2);
  isOut = false;
  cured();
  const over = performance.now();
  await sendFor(images.length);
  await Promise.all(sending);
  await using ledger = await hospital.ledger();
  for (const late = Date.now() + RECOVERY_MS; (await ledger.waiting()) > 0; await pause(100))
    if (Date.now() > late) break;
  const recoveredMs = performance.now() - over;
  return { acknowledged, duringOutage, refusals, slowestMs, recoveredMs };
}

/** Takes a part away. @returns what brings it back */
async function afflict(hospital: Hospital, { of, mode }: Outage): Promise<() => void> {
  if (of === 'serving') {
    await hospital.serving.away();
    return () => hospital.serving.back();
  }
  const { network } = hospital;
  if (!network) throw new Error('Expected a hospital whose network can be broken');
  network[of].mode = { kind: mode };
  return () => {
    network[of].mode = { kind: 'open' };
  };
}

function findingOf(outage: Outage, course: Course, images: number, outageMs: number): Finding {
  const { acknowledged, duringOutage, refusals, slowestMs, recoveredMs } = course;
  const unlisted = [...refusals].reduce((sum, [code, n]) => (PASSING.has(code) ? sum : sum + n), 0);
  const meanwhile =
    outage.of === 'postgres'
      ? none('uploads acknowledged without the ledger', duringOutage)
      : atLeast('uploads acknowledged meanwhile', duringOutage, 1);
  return {
    title: `${outage.of} ${outage.mode} for ${outageMs / 1_000} s`,
    targets: [
      all('images acknowledged in the end', acknowledged.size, images),
      meanwhile,
      none('refusals other than OVERLOADED and DEADLINE_EXCEEDED', unlisted),
      atMost('slowest answer', Math.round(slowestMs), ANSWER_MS + GRACE_MS, 'ms'),
      atMost('until all jobs have ended', Math.round(recoveredMs), RECOVERY_MS, 'ms'),
    ],
    seen: [`Refused meanwhile: ${tally(refusals)}.`],
  };
}
