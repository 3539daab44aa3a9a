import type { Grid } from './class-activation.ts';
import { upsample } from './upsample.ts';

export type Point = { readonly x: number; readonly y: number };
export type Region = Point & { readonly width: number; readonly height: number; readonly score: number };

const SHARE_OF_PEAK = 0.5;
const MOST_REGIONS = 5;
/** Regions are found on a finer grid, so that their sides follow the drawn map and not its coarse cells. The factor
 *  is odd: the centre of a cell is then sampled, and the peak keeps its full value. */
const FINER = 5;

/** The place of the highest value in a picture of `width` × `height`: the centre of its cell, where the upsampled map
 *  is highest too. The middle of the picture for a map of zeros, which has no peak. */
export function peakOf(map: Grid, width: number, height: number): Point {
  let best = 0;
  for (let i = 1; i < map.values.length; i += 1) if ((map.values[i] ?? 0) > (map.values[best] ?? 0)) best = i;
  if ((map.values[best] ?? 0) === 0) return { x: width / 2, y: height / 2 };
  const column = best % map.width;
  const row = Math.floor(best / map.width);
  return { x: ((column + 0.5) * width) / map.width, y: ((row + 0.5) * height) / map.height };
}

/** Rectangles around the connected places (by their sides) where the map reaches half of its peak, strongest first,
 *  five at most, in pixels of a picture of `width` × `height`. A map of zeros has none. */
export function regionsOf(coarse: Grid, width: number, height: number): Region[] {
  const map = upsample(coarse, coarse.width * FINER, coarse.height * FINER);
  const seen = new Uint8Array(map.values.length);
  const regions: Region[] = [];
  for (let start = 0; start < map.values.length; start += 1) {
    if (seen[start] || (map.values[start] ?? 0) < SHARE_OF_PEAK) continue;
    const { left, right, upper, lower, highest } = flood(map, start, SHARE_OF_PEAK, seen);
    const sx = width / map.width;
    const sy = height / map.height;
    const size = { width: (right - left + 1) * sx, height: (lower - upper + 1) * sy };
    regions.push({ x: left * sx, y: upper * sy, ...size, score: Math.min(1, highest) });
  }
  return regions.sort((a, b) => b.score - a.score).slice(0, MOST_REGIONS);
}

function flood({ values, width, height }: Grid, start: number, least: number, seen: Uint8Array) {
  const box = { left: width, right: 0, upper: height, lower: 0, highest: 0 };
  const open = [start];
  seen[start] = 1;
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const x = place % width;
    const y = Math.floor(place / width);
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.upper = Math.min(box.upper, y);
    box.lower = Math.max(box.lower, y);
    box.highest = Math.max(box.highest, values[place] ?? 0);
    const beside = [
      x > 0 && place - 1,
      x < width - 1 && place + 1,
      y > 0 && place - width,
      y < height - 1 && place + width,
    ];
    for (const next of beside) {
      if (next === false || seen[next] || (values[next] ?? 0) < least) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return box;
}
