import { setTimeout as pause } from 'node:timers/promises';
import { type Attempt, timed } from './attempt.ts';

/** Starts `work` at random times that do not depend on how fast it ends (a Poisson process): a server that slows
 *  down gets no relief, as it would get none from people.
 *  @param perSecond arrivals a second; Infinity begins all at once
 *  @param random uniform in [0, 1); `evenly` spaces the arrivals alike */
export async function openLoop(
  count: number,
  perSecond: number,
  work: (index: number) => Promise<void>,
  random: () => number = Math.random,
): Promise<Attempt[]> {
  const attempts: Promise<Attempt>[] = [];
  let due = performance.now();
  for (let index = 0; index < count; index += 1) {
    if (due > performance.now()) await pause(due - performance.now());
    attempts.push(timed(() => work(index), due));
    due += (-Math.log(1 - random()) / perSecond) * 1_000;
  }
  return Promise.all(attempts);
}

/** The quantile of the exponential distribution that is its mean. */
export const evenly = () => 1 - 1 / Math.E;
