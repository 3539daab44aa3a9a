import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { imageHeader, safeSharp } from './safe-sharp.ts';

const WIDTH = 64;
const HEIGHT = 48;
const GREY = 100;
const plain = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#646464' } });
const noise = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * i * 7) % 251);
const noisy = sharp(noise, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const png = await plain.clone().png().toBuffer();
const jpeg = await plain.clone().jpeg().toBuffer();
const noisyPng = await noisy.clone().png().toBuffer();
const noisyJpeg = await noisy.clone().jpeg().toBuffer();

const UNSUPPORTED = expect.objectContaining({ name: 'RadiographError', code: 'UNSUPPORTED_IMAGE' });
const raw = (encoded: Buffer) =>
  safeSharp(encoded, (grey) => grey.raw().toBuffer({ resolveWithObject: true }));

/** A chunk of a PNG: length, type, data and checksum. */
function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

const SIGNATURE_AND_HEADER = 33;
const withChunk = (type: string, data: Buffer) =>
  Buffer.concat([
    png.subarray(0, SIGNATURE_AND_HEADER),
    chunk(type, data),
    png.subarray(SIGNATURE_AND_HEADER),
  ]);

function claiming(width: number, height: number): Buffer {
  const header = Buffer.from(png.subarray(16, 29));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([png.subarray(0, 8), chunk('IHDR', header), png.subarray(SIGNATURE_AND_HEADER)]);
}

describe('a picture that is taken', () => {
  test('is told by its header', async () => {
    expect(await imageHeader(png)).toEqual({ format: 'png', width: WIDTH, height: HEIGHT });
    expect(await imageHeader(jpeg)).toEqual({ format: 'jpeg', width: WIDTH, height: HEIGHT });
  });

  test('becomes grey of 8 bits, whatever its colours, depth or palette', async () => {
    const rgb16 = { raw: { width: WIDTH, height: HEIGHT, channels: 3 } } as const;
    const deep = sharp(new Uint16Array(WIDTH * HEIGHT * 3).fill(GREY * 257), rgb16);
    const kinds = {
      png,
      jpeg,
      palette: await plain.clone().png({ palette: true }).toBuffer(),
      'one channel': await plain.clone().toColourspace('b-w').png().toBuffer(),
      '16 bit grey': await deep.clone().toColourspace('grey16').png().toBuffer(),
      '16 bit colour': await deep.clone().toColourspace('rgb16').png().toBuffer(),
      progressive: await plain.clone().jpeg({ progressive: true }).toBuffer(),
      interlaced: await plain.clone().png({ progressive: true }).toBuffer(),
    };
    for (const [kind, encoded] of Object.entries(kinds)) {
      const { data, info } = await raw(encoded);
      expect(info, kind).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 1, depth: 'uchar' });
      expect(Math.abs((data[0] ?? 0) - GREY), kind).toBeLessThanOrEqual(1);
    }
  });

  test('lies on black where it is transparent', async () => {
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: '#ffffff00' } })
      .png()
      .toBuffer();
    const { data, info } = await raw(clear);
    expect(info.channels).toBe(1);
    expect(new Set(data)).toEqual(new Set([0]));
  });

  test('is turned upright: orientation 6 changes width and height', async () => {
    const half = { width: WIDTH / 2, height: HEIGHT, channels: 3, background: '#ffffff' } as const;
    const leftWhite = plain.clone().composite([{ input: { create: half }, gravity: 'west' }]);
    const turned = await sharp(await leftWhite.png().toBuffer())
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await imageHeader(turned)).toEqual({ format: 'jpeg', width: HEIGHT, height: WIDTH });
    const { data, info } = await raw(turned);
    expect(info).toMatchObject({ width: HEIGHT, height: WIDTH });
    // A quarter turn clockwise: what was at the left is at the top.
    expect(data[HEIGHT / 2]).toBeGreaterThan(245);
    expect(data[data.length - HEIGHT / 2]).toBeLessThan(110);
  });

  test('loses what its sender wrote into it', async () => {
    const told = await plain
      .clone()
      .withExif({ IFD0: { ImageDescription: 'Jane Doe, ward 7' } })
      .jpeg()
      .toBuffer();
    const noted = withChunk('tEXt', Buffer.from('Comment\0Jane Doe, ward 7'));
    for (const encoded of [told, noted]) {
      expect(encoded.includes('Jane Doe')).toBe(true);
      for (const again of [
        await safeSharp(encoded, (grey) => grey.jpeg().toBuffer()),
        await safeSharp(encoded, (grey) => grey.png().toBuffer()),
      ])
        expect(again.includes('Jane Doe')).toBe(false);
    }
  });

  test('may have 4096 × 4096 pixels and not one line more', async () => {
    expect(await imageHeader(claiming(4096, 4096))).toMatchObject({ width: 4096, height: 4096 });
    await expect(imageHeader(claiming(4096, 4097))).rejects.toEqual(UNSUPPORTED);
  });
});

describe('what is refused', () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  const twoFrames = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]);
  const refused: [string, () => Buffer | Promise<Buffer>][] = [
    ['an SVG', () => Buffer.from(svg)],
    ['an SVG with an XML head', () => Buffer.from(`<?xml version="1.0"?>${svg}`)],
    ['a GIF', () => plain.clone().gif().toBuffer()],
    ['a WebP', () => plain.clone().webp().toBuffer()],
    ['a TIFF', () => plain.clone().tiff().toBuffer()],
    ['an AVIF', () => plain.clone().avif().toBuffer()],
    [
      'a PDF',
      () => Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF'),
    ],
    ['a page of HTML', () => Buffer.from('<!doctype html><title>x</title>')],
    ['a DICOM file', () => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(64)])],
    ['nothing', () => Buffer.alloc(0)],
    ['zeros', () => Buffer.alloc(1_000)],
    ['the signature of a PNG alone', () => png.subarray(0, 8)],
    ['the start of a JPEG alone', () => jpeg.subarray(0, 4)],
    ['a PNG that claims 30000 × 30000 pixels', () => claiming(30_000, 30_000)],
    ['a PNG that claims 2147483647 pixels in a row', () => claiming(2_147_483_647, 1)],
    ['a PNG without pixels', () => claiming(0, 0)],
    ['an animated PNG', () => withChunk('acTL', twoFrames)],
  ];

  test.each(refused)('%s, by its header and within a second', async (_name, make) => {
    const encoded = await make();
    const started = performance.now();
    await expect(imageHeader(encoded)).rejects.toEqual(UNSUPPORTED);
    await expect(raw(encoded)).rejects.toEqual(UNSUPPORTED);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test.each([
    ['PNG', noisyPng],
    ['JPEG', noisyJpeg],
  ])('a %s of which a part of the pixels is missing, however small', async (_format, whole) => {
    expect((await raw(whole)).info.width).toBe(WIDTH);
    // The last 12 bytes only say that the pixels are over.
    for (let left = whole.length - 13; left > 0; left -= 41)
      await expect(raw(whole.subarray(0, left)), `${left} of ${whole.length} bytes`).rejects.toEqual(
        UNSUPPORTED,
      );
  });

  test('a PNG in which a byte was changed', async () => {
    for (const share of [0.2, 0.4, 0.6, 0.8]) {
      const changed = Buffer.from(noisyPng);
      const at = Math.floor(changed.length * share);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      await expect(raw(changed)).rejects.toEqual(UNSUPPORTED);
    }
  });

  test('with a sentence that holds nothing of the decoder', async () => {
    await expect(raw(Buffer.from(svg))).rejects.toThrow(
      'The bytes do not decode as a whole JPEG or PNG picture',
    );
    await expect(raw(withChunk('acTL', twoFrames))).rejects.toThrow('Expected one JPEG or PNG picture');
  });
});
