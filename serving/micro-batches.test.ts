import { expect, test } from 'vitest';
import { LARGEST_RUN, microBatches } from './micro-batches.ts';

test.each([
  [1, 2, [1]],
  [2, 2, [1, 1]],
  [3, 2, [2, 1]],
  [8, 2, [2, 2, 2, 2]],
  [9, 2, [2, 2, 2, 1, 1, 1]],
  [5, 1, [2, 2, 1]],
  [3, 4, [1, 1, 1]],
  [6, 4, [2, 2, 1, 1]],
])('%i images over %i threads run as %j', (count, threads, runs) => {
  expect(microBatches(count, threads)).toEqual(runs);
});

test('no image is lost, no run is too large, and no thread gets more than one image beyond another', () => {
  for (let threads = 1; threads <= 5; threads += 1)
    for (let count = 1; count <= 64; count += 1) {
      const runs = microBatches(count, threads);
      expect(runs.reduce((sum, size) => sum + size, 0)).toBe(count);
      expect(Math.max(...runs)).toBeLessThanOrEqual(LARGEST_RUN);
      expect(Math.max(...runs) - Math.min(...runs)).toBeLessThanOrEqual(1);
      if (count >= threads) expect(runs.length % threads === 0 || runs.length === count).toBe(true);
    }
});
