import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { startHaproxy } from './haproxy.ts';
import { type Hospital, startHospital } from './hospital.ts';
import { send } from './hospital-client.ts';
import { pictures } from './seeded.ts';
import { all, atLeast, type Finding, none } from './target.ts';

const FOLLOW = `subscription ($id: ID!) { jobStatus(id: $id) { state radiograph {
  classification { finding { code } } } } }`;

type Event = { jobStatus: { state: string; radiograph: { classification: object | null } | null } };

/** Longer than the library's client tries by default. */
const PATIENCE_MS = 60_000;
const JOBS = 10;
const IMAGE_SEED = 2;

export type Subscribers = { readonly early: number; readonly late: number };

type Ward = {
  readonly hospital: Hospital;
  /** Of the proxy. */
  readonly url: string;
  readonly images: readonly Buffer[];
  readonly subscribers: Subscribers;
};

/** Ends one of two gateways behind HAProxy under live subscriptions, once with SIGKILL and once with SIGTERM. */
export async function measureFailover(subscribers: Subscribers): Promise<Finding[]> {
  await using hospital = await startHospital('many machines');
  await hospital.ready();
  await using proxy = await startHaproxy(hospital.gateways.map(({ url }) => url));
  await proxy.usesAll();
  // Each image once: what is cached ends without the model server.
  const images = await pictures(2 * JOBS, IMAGE_SEED);
  const ward = { hospital, url: proxy.url, subscribers };
  const killed = await endGateway('SIGKILL', { ...ward, images: images.slice(0, JOBS) });
  await proxy.usesAll();
  return [killed, await endGateway('SIGTERM', { ...ward, images: images.slice(JOBS) })];
}

/** Half of the subscribers come before, half afterwards, some of them when the jobs have ended. Each has a connection
 *  of its own, and the library's defaults. */
async function endGateway(
  signal: 'SIGKILL' | 'SIGTERM',
  { hospital, url, images, subscribers: { early, late } }: Ward,
): Promise<Finding> {
  // Nothing ends before the model server goes on.
  hospital.serving.hold();
  const jobs: string[] = [];
  for (const image of images) {
    const sent = await send(url, image);
    if (!sent.answer) throw new Error(`An upload was refused: ${sent.refusal}`);
    jobs.push(sent.answer);
  }
  const subscribers = (count: number) =>
    Array.from({ length: count }, (_, i) => subscriber(url, jobs[i % jobs.length] ?? ''));
  const first = subscribers(early);
  await Promise.all(first.map(({ begun }) => begun));
  const [victim] = hospital.gateways;
  if (!victim) throw new Error('Expected a gateway');
  const open = await subscriptionsOf(victim.url);
  const code = signal === 'SIGTERM' ? await victim.terminate() : await victim.kill();
  const second = subscribers(late / 2);
  await Promise.all(second.map(({ begun }) => begun));
  hospital.serving.resume();
  await first[0]?.last;
  const third = subscribers(late - second.length);
  const lastStates = async (some: readonly { last: Promise<string> }[]) =>
    Promise.all(some.map(({ last }) => last));
  const [earlyStates, lateStates] = [await lastStates(first), await lastStates([...second, ...third])];
  const succeeded = (states: readonly string[]) => states.filter((state) => state === 'SUCCEEDED').length;
  const others = new Set([...earlyStates, ...lateStates].filter((state) => state !== 'SUCCEEDED'));
  const reconnected = first.filter(({ connections }) => connections() > 1).length;
  return {
    title: `${signal} of one of two gateways`,
    targets: [
      all('early subscribers that saw the final state', succeeded(earlyStates), early),
      all('late subscribers that saw the final state', succeeded(lateStates), late),
      // Otherwise nothing was tested.
      atLeast('subscribers that were cut off', reconnected, 1),
      none('subscribers of the other gateway that were cut off', Math.max(0, reconnected - open)),
      none('exit code, when it was asked to stop', code ?? 0),
    ],
    seen: [
      `${open} subscriptions were open at the gateway that ended.`,
      ...hospital.crashes(),
      ...(others.size > 0 ? [`Others saw: ${[...others].join(' · ')}`] : []),
    ],
  };
}

/** Follows a job to its end. */
function subscriber(url: string, id: string) {
  let connected = 0;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    on: { connected: () => (connected += 1) },
  });
  let tellBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (tellBegun = resolve));
  const follow = async (): Promise<string> => {
    let state = 'nothing';
    try {
      for await (const { data, errors } of client.iterate<Event>({ query: FOLLOW, variables: { id } })) {
        tellBegun();
        if (errors) return JSON.stringify(errors);
        state = data?.jobStatus.state ?? 'nothing';
        if (state === 'SUCCEEDED' && !data?.jobStatus.radiograph?.classification) return 'without its result';
      }
    } catch (error) {
      return `ended by ${JSON.stringify(error)}`;
    } finally {
      tellBegun();
      await client.dispose();
    }
    return state;
  };
  const late = pause(PATIENCE_MS, 'too late', { ref: false });
  return { begun, last: Promise.race([follow(), late]), connections: () => connected };
}

async function subscriptionsOf(url: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return [...page.matchAll(/^active_subscriptions\{.*\} (\d+)$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}
