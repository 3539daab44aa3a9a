import { expect, test } from 'vitest';
import { withBanner } from './banner.ts';

test('lines stand below the picture, which stays as it is', () => {
  const rgb = Buffer.alloc(200 * 100 * 3, 7);
  const {
    width,
    height,
    rgb: all,
  } = withBanner({ rgb, width: 200, height: 100 }, ['T', 'HELLO WORLD, 87.3 %']);
  expect(width).toBe(200);
  expect(all.subarray(0, rgb.length)).toEqual(rgb);
  expect(all).toHaveLength(width * height * 3);
  // The T is 20 times as large as its dots: a bar, and a stem in the middle.
  const lit = (x: number, y: number) => all[((100 + y) * 200 + x) * 3] === 255;
  const at = (column: number, row: number) => lit(200 / 2 - 60 + column * 20 + 10, 20 + row * 20 + 10);
  const letter = Array.from({ length: 7 }, (_, row) =>
    Array.from({ length: 5 }, (_, column) => (at(column, row) ? '#' : '.')).join(''),
  );
  expect(letter).toEqual(['#####', ...Array.from({ length: 6 }, () => '..#..')]);
});

test('a picture narrower than its lines is no fault', () => {
  for (const width of [1, 7, 119]) {
    const { rgb, height } = withBanner({ rgb: Buffer.alloc(width * 3), width, height: 1 }, [
      'NOT FOR CLINICAL USE',
    ]);
    expect(rgb).toHaveLength(width * height * 3);
  }
});
