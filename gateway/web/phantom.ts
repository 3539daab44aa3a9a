import sharp from 'sharp';

/** Edge of the phantom, in pixels. */
export const PHANTOM_EDGE = 512;

type Ellipse = { x: number; y: number; rx: number; ry: number; tilt?: number };

const BODY: Ellipse = { x: 256, y: 330, rx: 225, ry: 300 };
const NECK: Ellipse = { x: 256, y: 40, rx: 62, ry: 120 };
const LUNGS: readonly Ellipse[] = [
  { x: 160, y: 255, rx: 78, ry: 168, tilt: 0.1 },
  { x: 350, y: 250, rx: 74, ry: 160, tilt: -0.1 },
];
const HEART: Ellipse = { x: 285, y: 345, rx: 78, ry: 88, tilt: -0.5 };
const DIAPHRAGM: readonly Ellipse[] = [
  { x: 160, y: 470, rx: 110, ry: 75 },
  { x: 355, y: 480, rx: 105, ry: 75 },
];
const RIBS = 9;
/** "SYNTHETIC" in letters of 5 × 7 dots, one row of bits for each line. */
const LETTERS: Record<string, readonly number[]> = {
  S: [15, 16, 16, 14, 1, 1, 30],
  Y: [17, 17, 10, 4, 4, 4, 4],
  N: [17, 25, 21, 19, 17, 17, 17],
  T: [31, 4, 4, 4, 4, 4, 4],
  H: [17, 17, 17, 31, 17, 17, 17],
  E: [31, 16, 16, 30, 16, 16, 31],
  I: [14, 4, 4, 4, 4, 4, 14],
  C: [14, 17, 16, 16, 16, 17, 14],
};

/** Draws a chest phantom: soft shapes where a radiograph shows body, lungs, heart, spine, ribs and diaphragm. It is
 *  nobody's image, says so in its corner, and what a model makes of it means nothing.
 *  @returns uint8 [512, 512], row-major */
export function drawPhantom(): Uint8Array {
  const grey = new Uint8Array(PHANTOM_EDGE * PHANTOM_EDGE);
  for (let y = 0; y < PHANTOM_EDGE; y += 1)
    for (let x = 0; x < PHANTOM_EDGE; x += 1) grey[y * PHANTOM_EDGE + x] = shade(x, y);
  writeText(grey, 'SYNTHETIC', 16, 16);
  return grey;
}

function shade(x: number, y: number): number {
  const body = Math.max(inside(BODY, x, y), inside(NECK, x, y));
  const lungs = Math.max(...LUNGS.map((lung) => inside(lung, x, y)));
  const dense = Math.max(inside(HEART, x, y), ...DIAPHRAGM.map((dome) => inside(dome, x, y)));
  const spine = Math.exp(-(((x - 256) / 26) ** 2)) * body;
  const air = lungs * (1 - 0.85 * dense);
  const grain = ((x * 73_856_093) ^ (y * 19_349_663)) & 7;
  const value = 12 + 150 * body - 105 * air + 45 * spine + 26 * rib(x, y) * lungs + grain;
  return Math.round(Math.min(255, Math.max(0, value)));
}

/** 1 well within, 0 well without, soft at the edge. */
function inside({ x, y, rx, ry, tilt = 0 }: Ellipse, px: number, py: number): number {
  const dx = (px - x) * Math.cos(tilt) + (py - y) * Math.sin(tilt);
  const dy = (py - y) * Math.cos(tilt) - (px - x) * Math.sin(tilt);
  const distance = Math.hypot(dx / rx, dy / ry);
  return 1 / (1 + Math.exp((distance - 1) * 24));
}

/** Bands that fall away from the spine on both sides. */
function rib(x: number, y: number): number {
  const fall = 60 * (Math.abs(x - 256) / 220) ** 1.6;
  const phase = ((y - fall - 70) / 400) * RIBS;
  return Math.max(0, Math.cos(2 * Math.PI * phase)) ** 4;
}

function writeText(grey: Uint8Array, text: string, left: number, top: number): void {
  const dot = 2;
  for (const [index, letter] of [...text].entries())
    for (const [row, bits] of (LETTERS[letter] ?? []).entries())
      for (let column = 0; column < 5; column += 1) {
        if ((bits & (16 >> column)) === 0) continue;
        for (let i = 0; i < dot * dot; i += 1) {
          const x = left + index * 14 + column * dot + (i % dot);
          const y = top + row * dot + Math.floor(i / dot);
          grey[y * PHANTOM_EDGE + x] = 235;
        }
      }
}

export function phantomPng(): Promise<Buffer> {
  const raw = { width: PHANTOM_EDGE, height: PHANTOM_EDGE, channels: 1 as const };
  return sharp(drawPhantom(), { raw }).toColourspace('b-w').png({ compressionLevel: 9 }).toBuffer();
}
