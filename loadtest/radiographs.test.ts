import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { radiographsOf, syntheticRadiographs } from './radiographs.ts';

const SIZE = { width: 200, height: 160 };

test('no two radiographs are alike, in bytes or in pixels, and each decodes whole', async () => {
  const { next, what } = await syntheticRadiographs(SIZE, 2);
  const files = Array.from({ length: 30 }, next);
  const pixels = await Promise.all(
    files.map((file) =>
      sharp(file, { failOn: 'warning' }).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true }),
    ),
  );
  expect((await sharp(files[0]).metadata()).channels).toBe(1);
  for (const { info } of pixels) expect(info).toMatchObject({ ...SIZE, channels: 1 });
  expect(new Set(files.map((file) => file.toString('base64'))).size).toBe(30);
  expect(new Set(pixels.map(({ data }) => data.toString('base64'))).size).toBe(30);
  expect(what).toContain('200 × 160');
});

test('another run sends others', async () => {
  const [one, other] = await Promise.all([syntheticRadiographs(SIZE, 1), syntheticRadiographs(SIZE, 1)]);
  expect(one.next().equals(other.next())).toBe(false);
});

test('files of a folder are varied too, whatever their format', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'radiographs-'));
  const grey = sharp({
    create: { ...SIZE, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 120, sigma: 30 } },
  });
  writeFileSync(join(folder, 'a.png'), await grey.clone().png().toBuffer());
  writeFileSync(join(folder, 'b.jpg'), await grey.clone().jpeg().toBuffer());
  writeFileSync(join(folder, 'c.txt'), 'no picture');
  const { next } = await radiographsOf(folder);
  rmSync(folder, { recursive: true });
  const files = Array.from({ length: 4 }, next);
  const pixels = await Promise.all(files.map((file) => sharp(file, { failOn: 'warning' }).raw().toBuffer()));
  expect(new Set(pixels.map((one) => one.toString('base64'))).size).toBe(4);
});
