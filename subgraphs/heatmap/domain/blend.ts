import type { Grid } from './class-activation.ts';

/** Lays the coloured map over a grey picture: out = (1 − opacity) · grey + opacity · colour, the same at every
 *  place, as the reference code of Grad-CAM does.
 *  @param grey uint8 [height, width] @param heat values 0 to 1 of the same size @param table RGB [256, 3]
 *  @param opacity 0 (grey alone) to 1 (colours alone)
 *  @returns uint8 RGB [height, width, 3] */
export function blend(grey: Uint8Array, heat: Grid, table: Uint8Array, opacity: number): Uint8Array {
  const picture = new Uint8Array(grey.length * 3);
  // Both products are looked up: only an addition is left for each of up to 12 million channels. The half rounds.
  const over = Float32Array.from(table, (channel) => channel * opacity + 0.5);
  const under = Float32Array.from({ length: 256 }, (_, level) => level * (1 - opacity));
  for (let i = 0, at = 0; i < grey.length; i += 1, at += 3) {
    const colour = Math.round((heat.values[i] ?? 0) * 255) * 3;
    const below = under[grey[i] ?? 0] ?? 0;
    picture[at] = below + (over[colour] ?? 0);
    picture[at + 1] = below + (over[colour + 1] ?? 0);
    picture[at + 2] = below + (over[colour + 2] ?? 0);
  }
  return picture;
}
