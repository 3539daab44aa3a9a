export type Colormap = 'TURBO' | 'JET' | 'OCEAN';

/** 256 colours as RGB bytes [256, 3], for values 0 to 1. */
export function colourTable(colormap: Colormap): Uint8Array {
  const colour = COLOURS[colormap];
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i += 1)
    for (const [channel, value] of colour(i / 255).entries())
      table[i * 3 + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
  return table;
}

const COLOURS: Record<Colormap, (value: number) => readonly [number, number, number]> = {
  /** The published polynomial approximation of Turbo (Mikhailov, Google AI Blog, 2019; Apache-2.0). */
  TURBO: (x) => [
    polynomial(x, 0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943),
    polynomial(x, 0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604),
    polynomial(x, 0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973),
  ],
  /** MATLAB's jet: three ramps that overlap. */
  JET: (x) => [ramp(x, 0.75), ramp(x, 0.5), ramp(x, 0.25)],
  /** OpenCV's COLORMAP_OCEAN: black-green through blue to white. */
  OCEAN: (x) => [3 * x - 2, Math.abs(1.5 * x - 0.5), x],
};

function polynomial(x: number, ...coefficients: number[]): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

function ramp(x: number, centre: number): number {
  return 1.5 - Math.abs(4 * (x - centre));
}
