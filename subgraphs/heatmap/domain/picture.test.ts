import { expect, test } from 'vitest';
import { colourTable } from './colormaps.ts';
import { bandsOf, mixturesOf, overlay } from './overlay.ts';
import { peakOf, regionsOf } from './regions.ts';
import { upsample } from './upsample.ts';

const grid = (width: number, values: number[]) => ({
  width,
  height: values.length / width,
  values: Float32Array.from(values),
});
const colour = (name: Parameters<typeof colourTable>[0], i: number) => [
  ...colourTable(name).subarray(i * 3, i * 3 + 3),
];

function painted(
  grey: Uint8Array,
  width: number,
  map: Parameters<typeof upsample>[0],
  table: Uint8Array,
  opacity: number,
  bands = 1,
) {
  const picture = new Uint8Array(grey.length * 3);
  for (const band of bandsOf(grey.length / width, bands, 8))
    overlay({ grey, width, map, mixtures: mixturesOf(table, opacity) }, picture, band);
  return picture;
}

/** Read from cv2.applyColorMap 4: [colormap, index, RGB]. */
const OPENCV = [
  ['TURBO', 0, [48, 18, 59]],
  ['TURBO', 128, [164, 252, 60]],
  ['TURBO', 255, [122, 4, 3]],
  ['JET', 0, [0, 0, 128]],
  ['JET', 85, [0, 212, 255]],
  ['JET', 255, [128, 0, 0]],
  ['OCEAN', 0, [0, 0, 0]],
  ['OCEAN', 85, [0, 0, 85]],
  ['OCEAN', 200, [90, 172, 200]],
  ['OCEAN', 255, [255, 255, 255]],
] as const;

test.each(OPENCV)('%s has at %i the colour of OpenCV, give or take a rounding', (name, i, expected) => {
  for (const [channel, value] of colour(name, i).entries())
    expect(Math.abs(value - (expected[channel] ?? Number.NaN))).toBeLessThanOrEqual(1);
});

test('a map is stretched between the centres of its places', () => {
  const wide = upsample(grid(2, [0, 4]), 4, 1);
  expect([...wide.values]).toEqual([0, 0.25, 0.75, 1]);
  expect([...upsample(grid(2, [1, 2, 3, 4]), 2, 2).values]).toEqual([0.25, 0.5, 0.75, 1]);
  expect([...upsample(grid(2, [0, 0]), 4, 1).values]).toEqual([0, 0, 0, 0]);
});

test('opacity 0 is the radiograph, 1 the colours, and between them cv2.addWeighted', () => {
  const grey = Uint8Array.from([0, 100, 255]);
  const map = grid(3, [0, 0.5, 1]);
  const table = colourTable('JET');
  expect([...painted(grey, 3, map, table, 0)]).toEqual([0, 0, 0, 100, 100, 100, 255, 255, 255]);
  const colours = [colour('JET', 0), colour('JET', 128), colour('JET', 255)].flat();
  expect([...painted(grey, 3, map, table, 1)]).toEqual(colours);
  const half = colours.map((value, i) => Math.round(value * 0.5 + (grey[Math.floor(i / 3)] ?? 0) * 0.5));
  expect([...painted(grey, 3, map, table, 0.5)]).toEqual(half);
});

test.each([
  [64, 48, 8, 8],
  [7, 90, 3, 5],
  [33, 1, 1, 1],
  [2, 2, 16, 16],
])('%i × %i pixels get the colours of the upsampled map', (width, height, mapWidth, mapHeight) => {
  const map = grid(
    mapWidth,
    Array.from({ length: mapWidth * mapHeight }, (_, i) => Math.abs(Math.sin(i * 12.9898)) * 3),
  );
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % 256);
  const heat = upsample(map, width, height);
  const picture = painted(grey, width, map, colourTable('TURBO'), 0.3);
  const expected = [...grey].flatMap((level, i) =>
    colour('TURBO', Math.round((heat.values[i] ?? 0) * 255)).map((channel) => level * 0.7 + channel * 0.3),
  );
  expect(picture).toHaveLength(expected.length);
  // A value on the edge between two colours may fall to either side: neighbours differ by a few levels.
  for (const [at, value] of expected.entries()) expect(Math.abs((picture[at] ?? -9) - value)).toBeLessThan(5);
});

test.each([
  [7, 90, 4],
  [33, 31, 2],
  [5, 101, 3],
  [64, 17, 2],
  [9, 1, 4],
])('%i × %i pixels painted in up to %i bands are the picture painted at once', (width, height, most) => {
  const map = grid(
    3,
    Array.from({ length: 15 }, (_, i) => Math.abs(Math.sin(i * 12.9898))),
  );
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % 256);
  const whole = painted(grey, width, map, colourTable('TURBO'), 0.4);
  expect(painted(grey, width, map, colourTable('TURBO'), 0.4, most)).toEqual(whole);
  const bands = bandsOf(height, most, 8);
  const [first = { from: 0, to: 0 }] = bands;
  const untouched = new Uint8Array(whole.length);
  overlay({ grey, width, map, mixtures: mixturesOf(colourTable('TURBO'), 0.4) }, untouched, first);
  expect(untouched.subarray(first.to * width * 3).every((value) => value === 0)).toBe(true);
  expect(bands.length).toBeLessThanOrEqual(most);
  expect(bands.slice(0, -1).every(({ from, to }) => to - from === first.to && first.to % 8 === 0)).toBe(true);
  expect(bands.at(-1)?.to).toBe(height);
});

test('a band or a picture that does not begin at a word is refused', () => {
  const painting = { grey: new Uint8Array(40), width: 5, map: grid(1, [1]) };
  const mixtures = mixturesOf(colourTable('TURBO'), 0.5);
  const paint = (picture: Uint8Array, from: number) => () =>
    overlay({ ...painting, mixtures }, picture, { from, to: 8 });
  expect(paint(new Uint8Array(120), 2)).toThrow(RangeError);
  expect(paint(new Uint8Array(121).subarray(1), 4)).toThrow(RangeError);
  expect(paint(new Uint8Array(120), 4)).not.toThrow();
});

test('two places give two regions, the stronger first, and the peak lies in it', () => {
  const map = grid(5, [0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const regions = regionsOf(map, 500, 300);
  expect(regions).toHaveLength(2);
  expect(regions[0]).toMatchObject({ score: 1 });
  expect(regions[1]?.score).toBeCloseTo(0.75, 6);
  expect(peakOf(map, 500, 300)).toEqual({ x: 450, y: 150 });
  const [first] = regions;
  if (!first) throw new Error('Expected a region');
  expect(first.x).toBeLessThan(450);
  expect(first.x + first.width).toBe(500);
  expect(first.y + first.height / 2).toBeCloseTo(150, 6);
});

test('a map of zeros has no region, and its peak is the middle', () => {
  expect(regionsOf(grid(2, [0, 0, 0, 0]), 10, 20)).toEqual([]);
  expect(peakOf(grid(2, [0, 0, 0, 0]), 10, 20)).toEqual({ x: 5, y: 10 });
});
