import type { Charts } from './charts.ts';
import { type EngineSet, startHospital } from './hospital.ts';
import { HUNG } from './hospital-client.ts';
import { runRound } from './round.ts';
import { all, atLeast, type Finding, none, tally } from './target.ts';
import { judge, verdictTargets } from './verdict.ts';

/** Every so many files there is a torn one. */
const TORN_EVERY = 25;

/** How many kills, and how many of them have to come while there is work: the last ones may come when all is done. */
export type KillSize = { readonly kills: number; readonly underWork: number };

/** Kills processes at moments that follow from the seed, while images are uploaded and read by a fresh system, and
 *  judges what is left. */
export async function measureKills(
  engines: EngineSet,
  { kills, underWork, seed, charts }: KillSize & { readonly seed: number; readonly charts: Charts },
): Promise<Finding> {
  const { images, expected } = charts;
  await using hospital = await startHospital(engines);
  await hospital.ready();
  const torn = images.map((image, i) =>
    i % TORN_EVERY === 0 ? image.subarray(0, image.length / 2) : undefined,
  );
  const facts = await runRound(hospital, { images, torn, kills, seed });
  const verdict = await judge(hospital, facts.acknowledged, expected);
  const crashes = hospital.crashes();
  const count = torn.filter((tear) => tear !== undefined).length;
  return {
    title: `kill -9 on ${engines}, seed ${seed}`,
    targets: [
      all('images acknowledged', facts.acknowledged.size, images.length),
      ...verdictTargets(verdict),
      all('torn files refused as UNSUPPORTED_IMAGE', facts.tornRefused, count),
      none(
        'requests that hung',
        (facts.refusals.get(HUNG) ?? 0) + (facts.refusals.get(`read: ${HUNG}`) ?? 0),
      ),
      none('refusals without a listed code for it', unlisted(facts.refusals)),
      none('processes that ended by themselves', crashes.length),
      atLeast('kills under work', facts.killsUnderWork, underWork),
    ],
    seen: [
      `Killed: ${tally(facts.killed)}; ${facts.killsInDrain} of ${kills} kills hit the draining backlog.`,
      `Refused meanwhile: ${tally(facts.refusals)}.`,
      `${facts.seconds.toFixed(0)} s from the first upload to the last job. ${verdict.audit}.`,
      ...crashes,
      ...verdict.faults,
    ],
  };
}

/** What a client may be told of a system whose parts die: to come back. */
const PASSING = /^(read: )?(no answer|hung|OVERLOADED|DEADLINE_EXCEEDED|MODEL_UNAVAILABLE)$/;

function unlisted(refusals: ReadonlyMap<string, number>): number {
  return [...refusals].reduce((sum, [code, count]) => (PASSING.test(code) ? sum : sum + count), 0);
}
