import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Radiographs as JPEG files: no two that it gives are alike in bytes or in pixels, so that no cache has seen them. */
export type RadiographSource = { readonly next: () => Buffer; readonly what: string };

export type Size = { readonly width: number; readonly height: number };

const PHANTOM = join(import.meta.dirname, '../gateway/web/public/phantom.png');
/** Grain and quality with which the drawn radiographs take the bits per pixel of real grey ones (0.6 to 0.8). */
const GRAIN = 2.2;
const QUALITY = 86;

/** Draws radiographs from the synthetic phantom: each base turned, scaled and shaded otherwise, with grain of its own. */
export async function syntheticRadiographs({ width, height }: Size, bases = 24): Promise<RadiographSource> {
  const phantom = await readFile(PHANTOM);
  const grain = gaussian(1 << 20, GRAIN);
  const files = await Promise.all(
    Array.from({ length: bases }, async (_, i) => {
      const turn = ((i * 7) % 9) - 4;
      const zoom = 1 + ((i * 5) % 11) / 100;
      const grey = await sharp(phantom)
        .toColourspace('b-w')
        .rotate(turn, { background: '#000' })
        .resize(Math.ceil(width * zoom), Math.ceil(height * zoom), { fit: 'fill' })
        .extract({ left: 0, top: 0, width, height })
        .gamma(1 + ((i * 3) % 10) / 10)
        .raw()
        .toBuffer();
      const start = (i * 40_503) % grain.length;
      for (let at = 0; at < grey.length; at += 1)
        grey[at] = Math.min(255, Math.max(0, (grey[at] ?? 0) + (grain[(start + at) % grain.length] ?? 0)));
      return sharp(grey, { raw: { width, height, channels: 1 } })
        .toColourspace('b-w')
        .jpeg({ quality: QUALITY })
        .toBuffer();
    }),
  );
  const mean = files.reduce((sum, { length }) => sum + length, 0) / bases;
  const what = `drawn from the phantom: grey JPEG, ${width} × ${height}, ${Math.round(mean / 1_000)} kB`;
  return { next: distinct(files), what };
}

/** The JPEG and PNG files of a folder; PNG files become grey JPEG files. @throws Error when there are none */
export async function radiographsOf(folder: string): Promise<RadiographSource> {
  const names = (await readdir(folder)).filter((name) => /\.(?:jpe?g|png)$/i.test(name));
  if (names.length === 0) throw new Error('Expected JPEG or PNG files in --folder, found none');
  const files = await Promise.all(
    names.map(async (name) => {
      const file = await readFile(join(folder, name));
      return /png$/i.test(name)
        ? sharp(file).toColourspace('b-w').jpeg({ quality: QUALITY }).toBuffer()
        : file;
    }),
  );
  return { next: distinct(files), what: `${files.length} files of a folder, varied` };
}

const DQT = 0xdb;
const LUMINANCE_ENTRIES = 40;

/** Makes files that differ from a few that are given, at the cost of a copy: the low entries of the luminance
 *  quantisation table are raised by 0 or 1, which scales those frequencies of the decoded picture by a little. */
function distinct(files: readonly Buffer[]): () => Buffer {
  const salt = randomBytes(8).toString('hex');
  let given = 0;
  return () => {
    const file = Buffer.from(files[given % files.length] as Buffer);
    const steps = createHash('sha256').update(`${salt}/${given}`).digest();
    given += 1;
    const table = quantisationTable(file);
    for (let entry = 1; entry <= LUMINANCE_ENTRIES; entry += 1)
      file[table + entry] = Math.min(
        255,
        (file[table + entry] ?? 0) + (((steps[entry >> 3] ?? 0) >> (entry & 7)) & 1),
      );
    return file;
  };
}

/** Where the 64 one-byte entries of the first table begin, in zigzag order (ISO/IEC 10918-1, B.2.4.1). */
function quantisationTable(jpeg: Buffer): number {
  for (let at = 2; at + 4 < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg[at] !== 0xff) break;
    if (jpeg[at + 1] === DQT && (jpeg[at + 4] ?? 0) >> 4 === 0) return at + 5;
  }
  throw new Error('Expected a JPEG file with 8 bit quantisation tables');
}

/** Rounded values of a normal distribution (Box-Muller), from a fixed seed. */
function gaussian(count: number, deviation: number): Int8Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return Int8Array.from({ length: count }, () =>
    Math.round(deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())),
  );
}
