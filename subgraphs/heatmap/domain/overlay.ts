import type { Grid } from './class-activation.ts';
import { axis } from './upsample.ts';

const LEVELS = 256;
/** Pixels whose three channels fill whole words. */
const GROUP = 4;

/** What is painted: a map over a grey picture, uint8 [height, width], with the mixtures of `mixturesOf`. */
export type Painting = {
  readonly grey: Uint8Array;
  readonly width: number;
  readonly map: Grid;
  readonly mixtures: Uint32Array;
};

/** Rows of a picture, the last one not among them. */
export type Band = { readonly from: number; readonly to: number };

/** Cuts a picture into at most `count` bands of the same height, a multiple of `step` rows; the last may be lower. */
export function bandsOf(height: number, count: number, step: number): Band[] {
  const rows = Math.ceil(height / step / count) * step;
  return Array.from({ length: Math.ceil(height / rows) }, (_, i) => ({
    from: i * rows,
    to: Math.min(height, (i + 1) * rows),
  }));
}

/** Every colour of a table over every level of grey: (1 − opacity) · level + opacity · colour, the same at every place,
 *  as the reference code of Grad-CAM does. A pixel takes one look for its three channels.
 *  @param table RGB [256, 3] @param opacity 0 (grey alone) to 1 (colours alone)
 *  @returns 0xBBGGRR [256, 256], by place in the table and level */
export function mixturesOf(table: Uint8Array, opacity: number): Uint32Array {
  const mixtures = new Uint32Array((table.length / 3) * LEVELS);
  for (let at = 0; at < mixtures.length; at += 1) {
    const colour = 3 * Math.floor(at / LEVELS);
    // The half rounds.
    const under = (at % LEVELS) * (1 - opacity) + 0.5;
    const channel = (i: number) => Math.floor(under + (table[colour + i] as number) * opacity);
    mixtures[at] = channel(0) | (channel(1) << 8) | (channel(2) << 16);
  }
  return mixtures;
}

/** Stretches a map over a grey picture as `upsample` does and lays its colours over it in the same pass.
 *  @param picture is painted over in the rows of the band alone: uint8 RGB [height, width, 3], begins at a word
 *  @param band begins at a multiple of 4 rows
 *  @throws RangeError when one of them does not: it would be painted nowhere */
export function overlay(
  { grey, width, map, mixtures }: Painting,
  picture: Uint8Array,
  { from, to }: Band,
): void {
  if (from % GROUP !== 0)
    throw new RangeError(`Expected a band from a multiple of ${GROUP} rows on, got ${from}`);
  const top = map.values.reduce((highest, value) => Math.max(highest, value), 0);
  const scale = top > 0 ? 255 / top : 0;
  const runs = runsOf(width, map.width);
  const rows = axis(grey.length / width, map.height);
  const line = new Float32Array(map.width);
  const words = new Uint32Array(picture.buffer, picture.byteOffset, picture.length >> 2);
  const places = new Uint8Array(GROUP * width);
  // So many rows at once begin at a word, however wide they are.
  for (let y = from; y < to; y += GROUP) {
    const high = Math.min(GROUP, to - y);
    for (let row = 0; row < high; row += 1) {
      const at = y + row;
      mix(map, rows.low[at] ?? 0, rows.high[at] ?? 0, rows.share[at] ?? 0, scale, line);
      heat(runs, line, places, row * width);
    }
    const pixels = high * width;
    const whole = pixels - (pixels % GROUP);
    paint(words, grey, y * width, places, whole, mixtures);
    for (let pixel = whole, i = y * width + whole; pixel < pixels; pixel += 1, i += 1) {
      const colour = mixtures[((places[pixel] as number) << 8) | (grey[i] as number)] as number;
      for (let channel = 0; channel < 3; channel += 1) picture[3 * i + channel] = colour >>> (8 * channel);
    }
  }
}

/** One line of the map between two of its rows, as places in the table: 0 to 255, and a half that rounds. */
function mix(map: Grid, upper: number, lower: number, down: number, scale: number, line: Float32Array): void {
  for (let x = 0; x < line.length; x += 1) {
    const above = map.values[upper * map.width + x] as number;
    const below = map.values[lower * map.width + x] as number;
    line[x] = (above + (below - above) * down) * scale + 0.5;
  }
}

/** Writes the places in the table of one row of pixels, from the at-th on. */
function heat(runs: readonly Run[], line: Float32Array, places: Uint8Array, at: number): void {
  let i = at;
  for (const { pixels, low, high, share, step } of runs) {
    const left = line[low] as number;
    const rise = (line[high] as number) - left;
    let value = left + rise * share;
    for (const end = i + pixels; i < end; i += 1, value += rise * step) places[i] = value;
  }
}

/** Paints `pixels` from the i-th on, four at once into three words of four bytes, the lowest first as on all machines
 *  that Node runs on but one. A function of its own and of few loads and stores, since it takes most of the time of a
 *  picture. */
function paint(
  words: Uint32Array,
  grey: Uint8Array,
  i: number,
  places: Uint8Array,
  pixels: number,
  mixtures: Uint32Array,
): void {
  for (let p = 0, at = (3 * i) / GROUP; p < pixels; p += GROUP, at += 3) {
    const a = mixtures[((places[p] as number) << 8) | (grey[i + p] as number)] as number;
    const b = mixtures[((places[p + 1] as number) << 8) | (grey[i + p + 1] as number)] as number;
    const c = mixtures[((places[p + 2] as number) << 8) | (grey[i + p + 2] as number)] as number;
    const d = mixtures[((places[p + 3] as number) << 8) | (grey[i + p + 3] as number)] as number;
    words[at] = a | (b << 24);
    words[at + 1] = (b >>> 8) | (c << 16);
    words[at + 2] = (c >>> 16) | (d << 8);
  }
}

/** Pixels in a row that lie between the same two places of the map. */
type Run = { pixels: number; low: number; high: number; share: number; step: number };

function runsOf(width: number, places: number): Run[] {
  const { low, high, share } = axis(width, places);
  const runs: Run[] = [];
  for (let x = 0; x < width; x += 1) {
    const at = { low: low[x] as number, high: high[x] as number, share: share[x] as number };
    const run = runs.at(-1);
    // Before the centre of the first place every pixel has its value: the share stays zero, and the step does.
    const isNext = run && run.low === at.low && run.high === at.high && run.share > 0 === at.share > 0;
    if (isNext) {
      run.step = (at.share - run.share) / run.pixels;
      run.pixels += 1;
    } else runs.push({ ...at, pixels: 1, step: 0 });
  }
  return runs;
}
