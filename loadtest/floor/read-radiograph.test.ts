import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { syntheticRadiographs } from '../radiographs.ts';
import { openFloor } from './floor.ts';
import { overlay } from './read-radiograph.ts';
import { TURBO } from './turbo.ts';

const MODEL = join(import.meta.dirname, '../../serving/models/covid19/1/model.onnx');

/** Bilinear with half-pixel centres, as the formula has it. */
function heatAt(map: Float32Array, mapWidth: number, mapHeight: number, x: number, y: number): number {
  const [column, row] = [Math.min(mapWidth - 1, Math.max(0, x)), Math.min(mapHeight - 1, Math.max(0, y))];
  const [left, upper] = [Math.floor(column), Math.floor(row)];
  const at = (dx: number, dy: number) =>
    map[Math.min(mapHeight - 1, upper + dy) * mapWidth + Math.min(mapWidth - 1, left + dx)] ?? 0;
  const across = column - left;
  const down = row - upper;
  return (
    (at(0, 0) * (1 - across) + at(1, 0) * across) * (1 - down) +
    (at(0, 1) * (1 - across) + at(1, 1) * across) * down
  );
}

test.each([
  [64, 48],
  [37, 53],
  [16, 16],
  [5, 7],
])('the overlay of %i × %i pixels is the blend of its formula', (width, height) => {
  const mapSize = { width: 16, height: 16 };
  const map = Float32Array.from({ length: 256 }, (_, i) => ((i * 37) % 101) / 100);
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * 31) % 256);
  const drawn = overlay(grey, { width, height }, map, mapSize);
  const highest = Math.max(...map);
  for (let i = 0; i < grey.length; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const heat = heatAt(map, 16, 16, ((x + 0.5) * 16) / width - 0.5, ((y + 0.5) * 16) / height - 0.5);
    const colour = Math.round((heat / highest) * 255) * 3;
    for (let channel = 0; channel < 3; channel += 1) {
      const wanted = (grey[i] ?? 0) * 0.5 + (TURBO[colour + channel] ?? 0) * 0.5;
      // Neighbours in the table, where the rounding of the heat falls otherwise.
      expect(Math.abs((drawn[3 * i + channel] ?? 0) - wanted)).toBeLessThanOrEqual(4);
    }
  }
});

test('a map of zeros is the lowest colour everywhere', () => {
  const drawn = overlay(Uint8Array.of(10, 20), { width: 2, height: 1 }, new Float32Array(4), {
    width: 2,
    height: 2,
  });
  const low = [...TURBO.subarray(0, 3)];
  expect([...drawn]).toEqual([10, 20].flatMap((grey) => low.map((channel) => (grey + channel + 1) >> 1)));
});

test('the floor does the whole work, many at once', async () => {
  await using floor = await openFloor(MODEL);
  const { next } = await syntheticRadiographs({ width: 300, height: 200 }, 2);
  const sizes = await Promise.all(Array.from({ length: 2 * floor.lanes }, () => floor.read(next())));
  for (const size of sizes) expect(size).toBeGreaterThan(1_000);
  const text = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } })
    .webp()
    .toBuffer();
  await expect(floor.read(text)).rejects.toThrow('Expected a JPEG or PNG file');
});
