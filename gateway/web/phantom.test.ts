import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { drawPhantom } from './phantom.ts';

test('the committed sample is the phantom that our code draws', async () => {
  const committed = await sharp(join(import.meta.dirname, 'public/phantom.png'))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  expect(committed.equals(drawPhantom())).toBe(true);
});
