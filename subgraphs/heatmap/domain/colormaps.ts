import { TURBO_HEX } from './turbo-table.ts';

export type Colormap = 'TURBO' | 'JET' | 'OCEAN';

/** 256 colours as RGB bytes [256, 3], for values 0 to 1: those of OpenCV, give or take a rounding. */
export function colourTable(colormap: Colormap): Uint8Array {
  return TABLES[colormap];
}

const TABLES: Record<Colormap, Uint8Array> = {
  TURBO: Uint8Array.from(Buffer.from(TURBO_HEX, 'hex')),
  /** MATLAB's jet: three ramps that overlap. */
  JET: tableOf((x) => [ramp(x, 0.75), ramp(x, 0.5), ramp(x, 0.25)]),
  /** OpenCV's COLORMAP_OCEAN: black through blue to white. (Matplotlib's colormap of that name begins in green.) */
  OCEAN: tableOf((x) => [3 * x - 2, 1.5 * x - 0.5, x]),
};

function tableOf(colour: (value: number) => readonly [number, number, number]): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i += 1)
    for (const [channel, value] of colour(i / 255).entries())
      table[i * 3 + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
  return table;
}

function ramp(x: number, centre: number): number {
  return 1.5 - Math.abs(4 * (x - centre));
}
