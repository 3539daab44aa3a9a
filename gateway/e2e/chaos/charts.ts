import { pictures } from './seeded.ts';
import { calmResults, type Expected, leastDistance } from './verdict.ts';

/** Images with what a calm system says of them. */
export type Charts = {
  readonly images: readonly Buffer[];
  readonly expected: readonly Expected[];
  /** How far apart the results of the two most alike images are. */
  readonly distance: number;
};

/** The same images in every run: what differs is what is done to the system. */
const IMAGE_SEED = 1;

export async function drawCharts(count: number): Promise<Charts> {
  const images = await pictures(count, IMAGE_SEED);
  const expected = await calmResults(images);
  return { images, expected, distance: leastDistance(expected) };
}
