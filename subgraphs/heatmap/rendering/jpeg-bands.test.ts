import sharp from 'sharp';
import { expect, test } from 'vitest';
import { bandsOf } from '../domain/overlay.ts';
import { BLOCK, joinBands } from './jpeg-bands.ts';

const JPEG = { quality: 85, chromaSubsampling: '4:4:4', optimiseCoding: false };

const pixels = (width: number, height: number) =>
  Buffer.from(
    Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => 128 + 90 * Math.sin(i / 97) + 37 * Math.sin(i / 3 / width),
    ),
  );

const encode = (rgb: Buffer, width: number, jpeg: object = JPEG) =>
  sharp(rgb, { raw: { width, height: rgb.length / 3 / width, channels: 3 } })
    .jpeg(jpeg)
    .toBuffer();

/** Decodes as the strictest reader of ours does. */
const decode = (file: Buffer) =>
  sharp(file, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true });

test.each([
  [37, 101, 2],
  [64, 48, 4],
  [8, 9, 2],
  [5, 3, 4],
  [17, 8 * 23 + 1, 24],
  [700, 500, 3],
])(
  '%i × %i pixels in up to %i bands decode to what the picture encoded at once does',
  async (width, height, most) => {
    const rgb = pixels(width, height);
    const bands = await Promise.all(
      bandsOf(height, most, BLOCK).map(({ from, to }) =>
        encode(rgb.subarray(from * width * 3, to * width * 3), width),
      ),
    );
    const { data, info } = await decode(joinBands(bands));
    expect(info).toMatchObject({ width, height, channels: 3 });
    expect(data.equals((await decode(await encode(rgb, width))).data)).toBe(true);
  },
);

test('what does not make one picture is refused', async () => {
  const [high, low] = await Promise.all([encode(pixels(16, 16), 16), encode(pixels(16, 8), 16)]);
  expect(() => joinBands([])).toThrow('Expected a band');
  expect(() => joinBands([low, high])).toThrow('uneven height');
  expect(() => joinBands([high, low, high])).toThrow('uneven height');
  const odd = await encode(pixels(16, 12), 16);
  expect(() => joinBands([odd, odd])).toThrow('uneven height');
  const huge = await encode(Buffer.alloc(2056 * 2048 * 3), 2056);
  expect(() => joinBands([huge, low])).toThrow('too high');
  const others = [encode(pixels(24, 8), 24), encode(pixels(16, 8), 16, { ...JPEG, quality: 40 })];
  for (const other of await Promise.all(others))
    expect(() => joinBands([high, other])).toThrow('other tables');
  const half = await encode(pixels(16, 16), 16, { ...JPEG, chromaSubsampling: '4:2:0' });
  expect(() => joinBands([half, half])).toThrow('without subsampling');
  const progressive = await encode(pixels(16, 16), 16, { ...JPEG, progressive: true });
  expect(() => joinBands([progressive, progressive])).toThrow('baseline');
  expect(() => joinBands([high, high.subarray(0, -3)])).toThrow('whole JPEG');
});
