import type { Grid } from './class-activation.ts';

/** Stretches a map to a picture, bilinear with half-pixel centres (a place of the map covers the pixels that its
 *  receptive field is centred on), and scales it so that its highest value is 1. A map of zeros stays zero.
 *  @returns values in 0 to 1 */
export function upsample(map: Grid, width: number, height: number): Grid {
  const top = map.values.reduce((highest, value) => Math.max(highest, value), 0);
  const scale = top > 0 ? 1 / top : 0;
  const values = new Float32Array(width * height);
  const columns = axis(width, map.width);
  const rows = axis(height, map.height);
  for (let y = 0; y < height; y += 1) {
    const upper = (rows.low[y] ?? 0) * map.width;
    const lower = (rows.high[y] ?? 0) * map.width;
    const down = rows.share[y] ?? 0;
    for (let x = 0; x < width; x += 1) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const across = columns.share[x] ?? 0;
      const above =
        (map.values[upper + left] ?? 0) * (1 - across) + (map.values[upper + right] ?? 0) * across;
      const below =
        (map.values[lower + left] ?? 0) * (1 - across) + (map.values[lower + right] ?? 0) * across;
      values[y * width + x] = (above * (1 - down) + below * down) * scale;
    }
  }
  return { width, height, values };
}

/** For each pixel of an axis: the two places of the map around its centre, and the share of the second. */
export function axis(pixels: number, places: number) {
  const low = new Uint16Array(pixels);
  const high = new Uint16Array(pixels);
  const share = new Float32Array(pixels);
  for (let i = 0; i < pixels; i += 1) {
    const at = Math.min(places - 1, Math.max(0, ((i + 0.5) * places) / pixels - 0.5));
    low[i] = Math.floor(at);
    high[i] = Math.min(places - 1, Math.floor(at) + 1);
    share[i] = at - Math.floor(at);
  }
  return { low, high, share };
}
