import sharp from 'sharp';
import { expect, test } from 'vitest';
import { MODEL_EDGE, modelInput } from './preprocess.ts';

type Channels = 1 | 2 | 3 | 4;

/** A picture whose pixels are chosen by their place. */
function drawn(width: number, height: number, channels: Channels, at: (x: number, y: number) => number[]) {
  const pixels = Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
  return sharp(Uint8Array.from(pixels.flat()), { raw: { width, height, channels } });
}

/** Dark on the left half, bright on the right. */
const halves = (width: number, height: number, [dark, bright]: [number, number] = [40, 200]) =>
  drawn(width, height, 1, (x) => [x < width / 2 ? dark : bright]);

/** The value at a place given by fractions of the edge. */
function at(input: Buffer, x: number, y: number): number {
  return input[Math.floor(y * MODEL_EDGE) * MODEL_EDGE + Math.floor(x * MODEL_EDGE)] ?? -1;
}

const near = (value: number, tolerance = 2) => ({
  asymmetricMatch: (other: number) => Math.abs(other - value) <= tolerance,
  toString: () => `near ${value}`,
});
/** Away from the edge between the halves, where the kernel rings. */
const sides = (input: Buffer) => [at(input, 0.1, 0.5), at(input, 0.9, 0.5)];

test('any picture becomes 256 × 256 bytes of one channel', async () => {
  for (const [width, height] of [
    [1, 1],
    [300, 200],
    [17, 900],
  ] as const)
    expect(await modelInput(await halves(width, height).png().toBuffer())).toHaveLength(MODEL_EDGE ** 2);
});

test('a wide and a tall picture are stretched to the square, never padded', async () => {
  for (const [width, height] of [
    [512, 64],
    [64, 512],
  ] as const) {
    const input = await modelInput(await halves(width, height).png().toBuffer());
    for (const y of [0, 0.5, 0.99]) expect([at(input, 0, y), at(input, 0.99, y)]).toEqual([40, 200]);
    expect([at(input, 0.45, 0.5), at(input, 0.55, 0.5)]).toEqual([near(40, 20), near(200, 20)]);
  }
});

test('a picture of the right size passes unchanged', async () => {
  const pixels = Buffer.from(Uint8Array.from({ length: MODEL_EDGE ** 2 }, (_, i) => (i * 7) % 256));
  const raw = { width: MODEL_EDGE, height: MODEL_EDGE, channels: 1 as const };
  const png = await sharp(pixels, { raw }).png().toBuffer();
  expect((await modelInput(png)).equals(pixels)).toBe(true);
});

test('the EXIF orientation is applied before the picture is stretched', async () => {
  const turned = async (orientation: number) =>
    modelInput(await halves(128, 64).jpeg({ quality: 100 }).withMetadata({ orientation }).toBuffer());
  const upDown = (input: Buffer) => [at(input, 0.5, 0.1), at(input, 0.5, 0.9)];
  expect(sides(await turned(1))).toEqual([near(40), near(200)]);
  expect(sides(await turned(3))).toEqual([near(200), near(40)]);
  expect(upDown(await turned(6))).toEqual([near(40), near(200)]);
  expect(upDown(await turned(8))).toEqual([near(200), near(40)]);
});

test('a 16 bit PNG keeps its scale', async () => {
  const wide = Uint16Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 40 : 200) * 257);
  const png = await sharp(wide, { raw: { width: 64, height: 64, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  expect((await sharp(png).metadata()).depth).toBe('ushort');
  expect(sides(await modelInput(png))).toEqual([near(40), near(200)]);
});

test('a 16 bit PNG in colour keeps its scale too', async () => {
  const wide = Uint16Array.from({ length: 64 * 64 * 3 }, (_, i) => ((i / 3) % 64 < 32 ? 40 : 200) * 257);
  const png = await sharp(wide, { raw: { width: 64, height: 64, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  expect((await sharp(png).metadata()).depth).toBe('ushort');
  expect(sides(await modelInput(png))).toEqual([near(40), near(200)]);
});

test('a palette PNG is read by its colours, not by their numbers', async () => {
  const png = await drawn(64, 64, 3, (x) => (x < 32 ? [40, 40, 40] : [200, 200, 200]))
    .png({ palette: true })
    .toBuffer();
  expect((await sharp(png).metadata()).isPalette).toBe(true);
  expect(sides(await modelInput(png))).toEqual([near(40), near(200)]);
});

test('what is transparent becomes black', async () => {
  const colour = await drawn(64, 64, 4, (x) => [200, 200, 200, x < 32 ? 0 : 255])
    .png()
    .toBuffer();
  expect(sides(await modelInput(colour))).toEqual([0, near(200)]);
  const half = await drawn(64, 64, 2, (x) => [200, x < 32 ? 128 : 255])
    .toColourspace('b-w')
    .png()
    .toBuffer();
  expect((await sharp(half).metadata()).channels).toBe(2);
  expect(sides(await modelInput(half))).toEqual([near(100), near(200)]);
});

// How dark exactly, the ink profile decides; read as light, the inks would swap the sides.
test('a CMYK JPEG becomes the grey that it shows', async () => {
  const jpeg = await drawn(64, 64, 3, (x) => (x < 32 ? [40, 40, 40] : [200, 200, 200]))
    .toColourspace('cmyk')
    .jpeg({ quality: 100 })
    .toBuffer();
  expect((await sharp(jpeg).metadata()).space).toBe('cmyk');
  expect(sides(await modelInput(jpeg))).toEqual([near(40, 30), near(200, 30)]);
});

test('bytes that are no whole picture are UNSUPPORTED_IMAGE', async () => {
  const jpeg = await halves(300, 300).jpeg().toBuffer();
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  for (const bytes of [jpeg.subarray(0, jpeg.length / 2), gif, svg, Buffer.alloc(0)])
    await expect(modelInput(bytes)).rejects.toMatchObject({ code: 'UNSUPPORTED_IMAGE' });
});
