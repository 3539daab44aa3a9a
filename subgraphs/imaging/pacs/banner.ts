/** The classic dot matrix of 5 × 7: a byte for each column, its lowest bit on top. */
const GLYPHS: Readonly<Record<string, string>> = {
  ...{ ' ': '0000000000', '%': '2313086462', '-': '0808080808', '.': '0060600000', _: '4040404040' },
  ...{ 0: '3e5149453e', 1: '00427f4000', 2: '4261514946', 3: '2141454b31', 4: '1814127f10' },
  ...{ 5: '2745454539', 6: '3c4a494930', 7: '0171090503', 8: '3649494936', 9: '064949291e' },
  ...{ A: '7e1111117e', B: '7f49494936', C: '3e41414122', D: '7f4141221c', E: '7f49494941' },
  ...{ F: '7f09090901', G: '3e4149497a', H: '7f0808087f', I: '00417f4100', J: '2040413f01' },
  ...{ K: '7f08142241', L: '7f40404040', M: '7f020c027f', N: '7f0408107f', O: '3e4141413e' },
  ...{ P: '7f09090906', Q: '3e4151215e', R: '7f09192946', S: '4649494931', T: '01017f0101' },
  ...{ U: '3f4040403f', V: '1f2040201f', W: '3f4038403f', X: '6314081463', Y: '0708700807' },
  Z: '6151494543',
};
const UNKNOWN = '7f4141417f';
/** With the space around a letter. */
const LETTER_WIDTH = 6;
const LETTER_HEIGHT = 10;
const ROWS = 8;
/** Of the width of the picture. */
const MOST_ACROSS = 0.6;

export type RgbPicture = { readonly rgb: Buffer; readonly width: number; readonly height: number };

/** Writes lines into a black strip below a picture, each as large as the width allows. Without fonts: on a machine that has
 *  none, letters would be boxes. @param rgb uint8 [height, width, 3] */
export function withBanner({ rgb, width }: RgbPicture, lines: readonly string[]): RgbPicture {
  const strips = lines.map((line) => strip(line, width));
  const all = Buffer.concat([rgb, ...strips]);
  return { rgb: all, width, height: all.length / (3 * width) };
}

/** White letters in the middle of black rows: uint8 [rows, width, 3]. */
function strip(line: string, width: number): Buffer {
  const columns = Buffer.concat(
    [...line.toUpperCase()].map((letter) => Buffer.from(`${GLYPHS[letter] ?? UNKNOWN}00`, 'hex')),
  );
  const scale = Math.max(1, Math.floor((width * MOST_ACROSS) / (line.length * LETTER_WIDTH)));
  const left = Math.max(0, Math.floor((width - columns.length * scale) / 2));
  const pixels = Buffer.alloc(LETTER_HEIGHT * scale * width * 3);
  for (let dot = 0; dot < ROWS; dot++) {
    const row = Buffer.alloc(width * 3);
    for (const [i, column] of columns.entries())
      if ((column >> dot) & 1) row.subarray((left + i * scale) * 3, (left + (i + 1) * scale) * 3).fill(255);
    for (let y = 0; y < scale; y++) row.copy(pixels, ((dot + 1) * scale + y) * row.length);
  }
  return pixels;
}
