import type { Grid } from './class-activation.ts';

/** Lays the coloured map over a grey picture: out = (1 − opacity) · grey + opacity · colour, the same at every
 *  place, as the reference code of Grad-CAM does.
 *  @param grey uint8 [height, width] @param heat values 0 to 1 of the same size @param table RGB [256, 3]
 *  @returns uint8 RGB [height, width, 3] */
export function blend(grey: Uint8Array, heat: Grid, table: Uint8Array, opacity: number): Uint8Array {
  const picture = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i += 1) {
    const colour = Math.round((heat.values[i] ?? 0) * 255) * 3;
    const under = (grey[i] ?? 0) * (1 - opacity);
    for (let channel = 0; channel < 3; channel += 1)
      picture[i * 3 + channel] = Math.round(under + (table[colour + channel] ?? 0) * opacity);
  }
  return picture;
}
