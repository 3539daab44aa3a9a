import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { drawPhantom, phantomPng } from './phantom.ts';

test('the committed sample is the phantom that our code draws', async () => {
  const committed = await sharp(join(import.meta.dirname, 'public/phantom.png'))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  expect(committed.equals(drawPhantom())).toBe(true);
});

test('so is the small one that forms begin with', async () => {
  const grey = (picture: string | Buffer) => sharp(picture).resize(32).toColourspace('b-w').raw().toBuffer();
  const small = await grey(join(import.meta.dirname, 'docs/sample.jpg'));
  const drawn = await grey(await phantomPng());
  const difference = small.reduce((sum, value, i) => sum + Math.abs(value - (drawn[i] ?? 0)), 0);
  expect(difference / drawn.length).toBeLessThan(4);
});
