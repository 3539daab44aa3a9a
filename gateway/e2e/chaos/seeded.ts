import sharp from 'sharp';

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export type Chance = () => number;

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function oneOf<T>(chance: Chance, things: readonly T[]): T {
  const thing = things[Math.floor(chance() * things.length)];
  if (thing === undefined) throw new Error('Expected at least one to choose from');
  return thing;
}

/** Gives each thing once, in an order by chance, before it gives one again. */
export function bagOf<T>(chance: Chance, things: readonly T[]): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...things];
    const thing = oneOf(chance, left);
    left.splice(left.indexOf(thing), 1);
    return thing;
  };
}

const [WIDTH, HEIGHT, SPOTS] = [256, 224, 6];

/** Grey pictures of soft spots, which a model tells apart: a result that went to the wrong one is seen. */
export async function pictures(count: number, seed: number): Promise<Buffer[]> {
  const chance = chanceOf(seed);
  const drawn = Array.from({ length: count }, () => spotted(chance));
  return Promise.all(drawn);
}

function spotted(chance: Chance): Promise<Buffer> {
  const spots = Array.from({ length: SPOTS }, () => ({
    x: chance() * WIDTH,
    y: chance() * HEIGHT,
    size: 15 + chance() * 60,
    light: chance() * 260 - 130,
  }));
  const grey = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < WIDTH; x += 1) {
      let value = 110;
      for (const spot of spots)
        value += spot.light * Math.exp(-((x - spot.x) ** 2 + (y - spot.y) ** 2) / (2 * spot.size ** 2));
      grey[y * WIDTH + x] = Math.max(0, Math.min(255, value));
    }
  return sharp(grey, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    .png()
    .toBuffer();
}
