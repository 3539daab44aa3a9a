import { type InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { TURBO } from './turbo.ts';

const MODEL_EDGE = 256;
const LONGER_SIDE = 2048;
const MAX_PIXELS = 4096 * 4096;

/** What imaging stores for display, and what the heatmap subgraph draws. */
const DISPLAY_JPEG = { quality: 90, optimiseCoding: false };
const HEATMAP_JPEG = { quality: 85, chromaSubsampling: '4:4:4', optimiseCoding: false };

/** Does with one radiograph what the services do between them, with nothing in between: the picture for display, the
 *  model's input, the forward pass, and Grad-CAM in Turbo over the picture at half opacity. The pixels of the picture
 *  are decoded once and serve both JPEG files.
 *  @returns the bytes of the two pictures and the probabilities */
export async function readRadiograph(session: InferenceSession, encoded: Buffer) {
  const { format, pages = 1 } = await sharp(encoded).metadata();
  if ((format !== 'jpeg' && format !== 'png') || pages > 1) throw new Error('Expected a JPEG or PNG file');
  const open = () =>
    sharp(encoded, { limitInputPixels: MAX_PIXELS, failOn: 'warning' })
      .autoOrient()
      .flatten({ background: '#000' })
      .toColourspace('b-w');
  const decoded = open()
    .resize(LONGER_SIDE, LONGER_SIDE, { fit: 'inside', withoutEnlargement: true })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const displayed = decoded.then(({ data, info: { width, height } }) =>
    sharp(data, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .jpeg(DISPLAY_JPEG)
      .toBuffer(),
  );
  // From the file, as the model learnt it: the decoder itself shrinks on the way to a small picture.
  const input = await open()
    .resize(MODEL_EDGE, MODEL_EDGE, { fit: 'fill', kernel: sharp.kernel.lanczos3 })
    .raw({ depth: 'uchar' })
    .toBuffer();
  const answer = await session.run({
    input: new Tensor('uint8', threeChannels(input), [1, MODEL_EDGE, MODEL_EDGE, 3]),
  });
  const probabilities = answer.probabilities?.data as Float32Array;
  const maps = answer.cams?.data as Float32Array;
  const [, mapHeight = 0, mapWidth = 0] = answer.cams?.dims ?? [];
  const best = probabilities.indexOf(Math.max(...probabilities));
  const map = Float32Array.from({ length: mapHeight * mapWidth }, (_, place) =>
    Math.max(0, maps[place * probabilities.length + best] ?? 0),
  );
  const { data, info } = await decoded;
  const { width, height } = info;
  const over = overlay(data, { width, height }, map, { width: mapWidth, height: mapHeight });
  const heatmap = await sharp(over, { raw: { width, height, channels: 3 } })
    .jpeg(HEATMAP_JPEG)
    .toBuffer();
  return { displayed: await displayed, heatmap, probabilities };
}

function threeChannels(grey: Buffer): Uint8Array {
  const pixels = new Uint8Array(grey.length * 3);
  for (let i = 0, at = 0; i < grey.length; i += 1, at += 3) {
    const value = grey[i] as number;
    pixels[at] = value;
    pixels[at + 1] = value;
    pixels[at + 2] = value;
  }
  return pixels;
}

/** Stretches a map bilinearly (half-pixel centres), colours it and blends it half and half, in one pass.
 *  @returns uint8 [height, width, 3] */
export function overlay(grey: Uint8Array, size: Size, map: Float32Array, mapSize: Size): Uint8Array {
  const { width, height } = size;
  const top = map.reduce((highest, value) => Math.max(highest, value), 0);
  const scale = top > 0 ? 255 / top : 0;
  const picture = Buffer.allocUnsafeSlow(width * height * 3);
  const columns = spans(width, mapSize.width);
  const rows = spans(height, mapSize.height);
  const row = new Float32Array(mapSize.width);
  let i = 0;
  for (const { from, to, low, high, share, step } of rows) {
    for (let y = from; y < to; y += 1) {
      const down = share + (y - from) * step;
      for (let place = 0; place < row.length; place += 1) {
        const above = map[low * row.length + place] as number;
        const below = map[high * row.length + place] as number;
        // The half rounds.
        row[place] = (above + (below - above) * down) * scale + 0.5;
      }
      for (const column of columns) {
        const left = row[column.low] as number;
        const rise = (row[column.high] as number) - left;
        i = paint(picture, grey, i, column.to - column.from, left + rise * column.share, rise * column.step);
      }
    }
  }
  return picture;
}

/** Paints `count` pixels from the i-th on, whose heat begins at `heat` and rises by `step`. @returns the next i */
function paint(picture: Buffer, grey: Uint8Array, i: number, count: number, heat: number, step: number) {
  const end = i + count;
  let value = heat;
  for (let at = 3 * i; i < end; i += 1, at += 3, value += step) {
    const colour = (value | 0) * 3;
    const level = (grey[i] as number) + 1;
    picture[at] = (level + (TURBO[colour] as number)) >> 1;
    picture[at + 1] = (level + (TURBO[colour + 1] as number)) >> 1;
    picture[at + 2] = (level + (TURBO[colour + 2] as number)) >> 1;
  }
  return end;
}

type Size = { readonly width: number; readonly height: number };

/** The stretches of an axis that lie between the same two places of the map: the share of the second place at the
 *  first pixel, and what it grows by from pixel to pixel. */
function spans(pixels: number, places: number) {
  const step = places / pixels;
  const positionOf = (pixel: number) => (pixel + 0.5) * step - 0.5;
  return Array.from({ length: places + 1 }, (_, i) => {
    const low = i - 1;
    const first = (place: number) => Math.min(pixels, Math.max(0, Math.ceil((place + 0.5) / step - 0.5)));
    const from = i === 0 ? 0 : first(low);
    const to = i === places ? pixels : first(i);
    const atEdge = i === 0 || i === places;
    return {
      from,
      to,
      low: Math.max(0, low),
      high: Math.min(places - 1, i),
      share: atEdge ? 0 : positionOf(from) - low,
      step: atEdge ? 0 : step,
    };
  });
}
