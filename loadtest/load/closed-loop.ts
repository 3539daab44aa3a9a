import { type Attempt, timed } from './attempt.ts';

/** Each of `clients` begins its next piece of work when its last one has ended, until `next` gives none.
 *  @param next the number of the next piece, or undefined */
export async function closedLoop(
  clients: number,
  next: () => number | undefined,
  work: (index: number) => Promise<void>,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const client = async () => {
    for (let index = next(); index !== undefined; index = next()) {
      const piece = index;
      attempts.push(await timed(() => work(piece)));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return attempts;
}

/** Numbers from 0 until the time is over. */
export function forSeconds(seconds: number): () => number | undefined {
  const end = performance.now() + seconds * 1_000;
  let index = 0;
  return () => (performance.now() < end ? index++ : undefined);
}

/** The numbers from 0 to `count` − 1. */
export function upTo(count: number): () => number | undefined {
  let index = 0;
  return () => (index < count ? index++ : undefined);
}
