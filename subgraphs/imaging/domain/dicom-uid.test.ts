import { expect, test } from 'vitest';
import { derivedUid, isDicomUid } from './dicom-uid.ts';

test.each(['1.2', '1.2.840.10008.1.2', '2.25.0', '0.0', `1.${'2'.repeat(62)}`])('%s is a UID', (text) => {
  expect(isDicomUid(text)).toBe(true);
});

test.each([
  ...['', '1', '1.', '.1', '1..2', '1.02', '01.2', '1.2 ', ' 1.2', '1.2\n', '1.a', '1.-2', '1.2/3', '1.2\\3'],
  ...['../1.2', '1.2?x', '1.2%2f', '１.２', `1.${'2'.repeat(63)}`, undefined, 1.2],
])('%j is none', (text) => {
  expect(isDicomUid(text)).toBe(false);
});

test('a derived UID is valid, and the same for the same parts alone', () => {
  const uid = derivedUid('heatmap', 'r1', 'sha256:1f');
  expect(isDicomUid(uid)).toBe(true);
  expect(uid).toBe(derivedUid('heatmap', 'r1', 'sha256:1f'));
  const others = [
    ['heatmap', 'r2', 'sha256:1f'],
    ['report', 'r1', 'sha256:1f'],
    ['heatmapr', '1', 'sha256:1f'],
    ['heatmap', 'r1sha256:1f'],
  ].map((parts) => derivedUid(...parts));
  expect(new Set([uid, ...others]).size).toBe(5);
});

test('what a derived UID holds is a UUID of version 8', () => {
  for (let i = 0; i < 100; i++) {
    const hex = BigInt(derivedUid(String(i)).slice('2.25.'.length))
      .toString(16)
      .padStart(32, '0');
    expect(hex).toMatch(/^.{12}8.{3}[89ab].{15}$/);
  }
});
