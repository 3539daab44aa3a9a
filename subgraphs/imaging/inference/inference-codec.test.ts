import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { anInference, CARD } from './inference-cache-cases.ts';
import { decodeInference, encodeInference, modelField } from './inference-codec.ts';

const KEY = 'a/m/1';
const stored = () => encodeInference(anInference(7), KEY);

/** The bytes with a change and a checksum that fits it. */
function forged(change: (bytes: Buffer) => void): Buffer {
  const bytes = stored();
  change(bytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4), crc32(KEY)), bytes.length - 4);
  return bytes;
}

test('an inference is what it was, in little more than its numbers', () => {
  expect(decodeInference(stored(), KEY, CARD)).toEqual(anInference(7));
  expect(stored().length).toBe(16 + 'gpu'.length + 2 * 4 + 4 * 4 + 4);
  for (const outlierScore of [0, -1.5, Number.POSITIVE_INFINITY]) {
    const scored = { ...anInference(7), outlierScore };
    expect(decodeInference(encodeInference(scored, KEY), KEY, CARD)).toEqual(scored);
  }
});

test('any bit that fell over is found', () => {
  for (let bit = 0; bit < stored().length * 8; bit += 1) {
    const bytes = stored();
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeInference(bytes, KEY, CARD), `bit ${bit}`).toBeUndefined();
  }
});

test('an entry that was cut, or has more behind it, is found', () => {
  for (let length = 0; length < stored().length; length += 1)
    expect(decodeInference(stored().subarray(0, length), KEY, CARD)).toBeUndefined();
  expect(decodeInference(Buffer.concat([stored(), Buffer.alloc(4)]), KEY, CARD)).toBeUndefined();
});

test('an entry under the key of another is found', () => {
  expect(decodeInference(stored(), 'b/m/1', CARD)).toBeUndefined();
});

test('numbers that are none are found, whatever the checksum says', () => {
  const [scoresAt, mapsAt] = [19, 27];
  expect(
    decodeInference(
      forged(() => undefined),
      KEY,
      CARD,
    ),
  ).toEqual(anInference(7));
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    for (const at of [scoresAt, mapsAt])
      expect(
        decodeInference(
          forged((bytes) => bytes.writeFloatLE(value, at)),
          KEY,
          CARD,
        ),
      ).toBeUndefined();
  expect(
    decodeInference(
      forged((bytes) => bytes.writeUInt8(2, 0)),
      KEY,
      CARD,
    ),
  ).toBeUndefined();
});

test('an inference of another shape than the model has is found', () => {
  expect(decodeInference(stored(), KEY, { ...CARD, labels: CARD.labels.slice(1) })).toBeUndefined();
  expect(decodeInference(stored(), KEY, { ...CARD, outlierThreshold: 3 })).toBeUndefined();
  const scored = encodeInference({ ...anInference(7), outlierScore: 1 }, KEY);
  expect(decodeInference(scored, KEY, { ...CARD, outlierThreshold: 3 })).toBeDefined();
});

test('the field of a model names its version, weights and preprocessing', () => {
  expect(modelField(CARD)).toMatch(/^m\/1\/d1\/\d+$/);
});
