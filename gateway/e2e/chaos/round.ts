import { setTimeout as pause } from 'node:timers/promises';
import type { Hospital } from './hospital.ts';
import { read, send } from './hospital-client.ts';
import { bagOf, chanceOf, oneOf } from './seeded.ts';
import { count } from './target.ts';

export type RoundSettings = {
  readonly images: readonly Buffer[];
  /** Files that no decoder reads, each sent before the image of the same place. */
  readonly torn: readonly (Buffer | undefined)[];
  readonly kills: number;
  readonly seed: number;
};

/** What was seen from outside. */
export type RoundFacts = {
  /** The image of each acknowledged job. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** How often each process was killed. */
  readonly killed: ReadonlyMap<string, number>;
  /** Kills while there were jobs that had not ended, or images that were not acknowledged. */
  readonly killsUnderWork: number;
  /** Those of them when every image was acknowledged. */
  readonly killsInDrain: number;
  /** Answers other than an acknowledgement, by their code. */
  readonly refusals: ReadonlyMap<string, number>;
  /** What became of the torn files. */
  readonly tornRefused: number;
  readonly seconds: number;
};

const UPLOADERS = 6;
const READERS = 2;
/** Images are let out in bursts, so that some kills hit uploads and others the backlog. */
const KILLS_PER_BURST = 5;
const SHORTEST_GAP_MS = 100;
const LONGEST_GAP_MS = 1_200;
const SOON_MS = 150;
const RETRY_MS = 150;
const DRAIN_SHARE = 0.3;
const LONGEST_MS = 240_000;
const UNREADABLE = 'UNSUPPORTED_IMAGE';

/** Uploads images and kills processes meanwhile, until all are acknowledged and every job has ended.
 *  @throws Error when that takes longer than four minutes */
export async function runRound(hospital: Hospital, settings: RoundSettings): Promise<RoundFacts> {
  const { images, torn, kills, seed } = settings;
  const began = performance.now();
  const over = new AbortController();
  const late = setTimeout(() => over.abort(new Error('The round takes too long')), LONGEST_MS);
  const acknowledged = new Map<string, number>();
  const killed = new Map<string, number>();
  const refusals = new Map<string, number>();
  const urls = hospital.gateways.map(({ url }) => url);
  let killsDone = 0;
  let killsUnderWork = 0;
  let killsInDrain = 0;
  let tornRefused = 0;
  let taken = 0;
  await using ledger = await hospital.ledger();
  const open = () => ledger.waiting().catch(() => Number.POSITIVE_INFINITY);

  // The rest makes a backlog, which drains under the last kills.
  const drainFrom = Math.floor(kills * (1 - DRAIN_SHARE));
  const beforeDrain = Math.floor(images.length * (1 - DRAIN_SHARE));
  let portions = KILLS_PER_BURST;
  let isDraining = kills === 0;
  const released = () =>
    isDraining ? images.length : Math.min(beforeDrain, Math.ceil((beforeDrain * portions) / drainFrom));
  const fillBacklog = async () => {
    await hospital.serving.away();
    isDraining = true;
    while (acknowledged.size < images.length) await pause(50, undefined, { signal: over.signal });
    hospital.serving.back();
  };
  const uploader = async (number: number) => {
    const chance = chanceOf(seed + number);
    while (taken < images.length) {
      over.signal.throwIfAborted();
      if (taken >= released()) {
        await pause(20);
        continue;
      }
      const index = taken;
      taken += 1;
      const tear = torn[index];
      if (tear && (await untilAnswered(chance, tear, `${index}-torn`)) === UNREADABLE) tornRefused += 1;
      const image = images[index];
      const job = image && (await untilAnswered(chance, image, `${index}`));
      if (job) acknowledged.set(job, index);
    }
  };
  /** @returns the id of the job, or the code by which the file itself was refused */
  const untilAnswered = async (chance: () => number, file: Buffer, key: string): Promise<string> => {
    for (;;) {
      over.signal.throwIfAborted();
      const sent = await send(oneOf(chance, urls), file, key);
      if (sent.answer) return sent.answer;
      if (sent.refusal === UNREADABLE) return UNREADABLE;
      count(refusals, sent.refusal);
      await pause(RETRY_MS * (0.5 + chance()));
    }
  };
  const reader = async (number: number) => {
    const chance = chanceOf(seed - number);
    while (!settled && !over.signal.aborted) {
      const known = [...acknowledged.keys()];
      const got = known.length > 0 ? await read(oneOf(chance, urls), oneOf(chance, known)) : undefined;
      if (got?.refusal) count(refusals, `read: ${got.refusal}`);
      await pause(RETRY_MS);
    }
  };
  const killer = async () => {
    const chance = chanceOf(seed);
    const next = bagOf(chance, hospital.victims);
    for (; killsDone < kills; killsDone += 1) {
      await pause(SHORTEST_GAP_MS + chance() * (LONGEST_GAP_MS - SHORTEST_GAP_MS), undefined, {
        signal: over.signal,
      });
      if (killsDone === drainFrom) await fillBacklog();
      const isBusy = async () => acknowledged.size < released() || (await open()) > 0;
      if (!(await isBusy())) {
        // A system without work has nothing to lose: the next images come sooner, and the kill soon after them.
        portions += 1;
        await pause(chance() * SOON_MS);
      } else if (killsDone % KILLS_PER_BURST === KILLS_PER_BURST - 1) portions += KILLS_PER_BURST;
      if (await isBusy()) {
        killsUnderWork += 1;
        if (acknowledged.size === images.length) killsInDrain += 1;
      }
      const victim = next();
      await victim.kill();
      count(killed, victim.name);
    }
  };

  let settled = false;
  const reading = Array.from({ length: READERS }, (_, number) => reader(number + 1));
  try {
    const uploading = Array.from({ length: UPLOADERS }, (_, number) => uploader(number + 1));
    await Promise.all([...uploading, killer()]);
    await hospital.ready();
    while ((await open()) > 0) await pause(100, undefined, { signal: over.signal });
  } catch (error) {
    over.abort(error);
    const stand = {
      acknowledged: acknowledged.size,
      killsDone,
      open: await open(),
      crashes: hospital.crashes(),
    };
    throw new Error(`The round did not end: ${JSON.stringify(stand)} ${[...refusals].join(' · ')}`, {
      cause: error,
    });
  } finally {
    settled = true;
    clearTimeout(late);
    await Promise.all(reading);
  }
  const seconds = (performance.now() - began) / 1_000;
  return { acknowledged, killed, killsUnderWork, killsInDrain, refusals, tornRefused, seconds };
}
