import { deflateRawSync } from 'node:zlib';
import dcmjsCodecs from 'dcmjs-codecs';
import { beforeAll, expect, test } from 'vitest';
import { chestElements, type DicomFileOptions, dicomFile } from '../testing/dicom-file.ts';
import { encodedPixels } from '../testing/encoded-pixels.ts';
import { readAttributes } from './attributes.ts';
import { readDataSet } from './data-set.ts';
import { storedPixels } from './stored-pixels.ts';
import { EXPLICIT_BIG_ENDIAN, TRANSFER_SYNTAXES } from './transfer-syntaxes.ts';

const COLUMNS = 40;
const PIXELS = Uint16Array.from(
  { length: COLUMNS * 30 },
  (_, i) => (i % COLUMNS) * 90 + Math.floor(i / COLUMNS),
);
/** It cannot be packed into next to nothing. */
const NOISE = PIXELS.map((value, i) => (value + Math.imul(i, 2_654_435_761)) & 0xfff);

beforeAll(() => dcmjsCodecs.NativeCodecs.initializeAsync());

function valuesOf(file: Buffer): readonly number[] {
  const found = readDataSet(file);
  return [...storedPixels(found, readAttributes(found.dataSet)).values];
}

const UIDS = [...TRANSFER_SYNTAXES].flatMap(([uid, { kind }]) => (kind === 'encapsulated' ? uid : []));

test.each(UIDS)('pixels in transfer syntax %s are what was encoded', (transferSyntax) => {
  const { codestream, tolerance, more } = encodedPixels(transferSyntax, PIXELS, COLUMNS);
  const values = valuesOf(dicomFile(chestElements(PIXELS, COLUMNS, more), { transferSyntax, codestream }));
  const expected = more['00280100'] ? [...PIXELS].map((value) => value >> 4) : [...PIXELS];
  const furthest = Math.max(...values.map((value, i) => Math.abs(value - (expected[i] ?? 0))));
  expect(values).toHaveLength(PIXELS.length);
  expect(furthest).toBeLessThanOrEqual(tolerance);
});

test.each<[string, DicomFileOptions]>([
  ['with preamble', {}],
  ['without preamble', { start: 'META' }],
  ['without file meta information', { start: 'NOTHING' }],
])('a file %s is read', (_name, options) => {
  expect(valuesOf(dicomFile(chestElements(PIXELS, COLUMNS), options))).toEqual([...PIXELS]);
});

function deflatedFile(dataSet: Buffer): Buffer {
  const empty = dicomFile({}, { transferSyntax: '1.2.840.10008.1.2.1.99' });
  return Buffer.concat([empty, deflateRawSync(dataSet)]);
}

test('a deflated file is read, unless it inflates beyond all measure', () => {
  const dataSet = dicomFile(chestElements(PIXELS, COLUMNS), { start: 'NOTHING' });
  expect(valuesOf(deflatedFile(dataSet))).toEqual([...PIXELS]);
  const bomb = deflatedFile(Buffer.concat([dataSet, Buffer.alloc(100 * 1024 * 1024)]));
  expect(() => valuesOf(bomb)).toThrow(expect.objectContaining({ code: 'FILE_TOO_LARGE' }));
});

test.each([
  ['one that is not read', { transferSyntax: '1.2.840.10008.1.2.4.100' }],
  ['one that says compressed where pixels are not', { transferSyntax: '1.2.840.10008.1.2.5' }],
  ['one that says plain where pixels are not', { codestream: Buffer.alloc(9) }],
  ['one of big endian for little', { transferSyntax: EXPLICIT_BIG_ENDIAN }],
  ['a JPEG that is none', { transferSyntax: '1.2.840.10008.1.2.4.70', codestream: Buffer.alloc(9) }],
])('a transfer syntax is refused: %s', (_name, options) => {
  expect(() => valuesOf(dicomFile(chestElements(PIXELS, COLUMNS), options))).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_IMAGE' }),
  );
});

test.each(UIDS.filter((uid) => uid !== '1.2.840.10008.1.2.5'))(
  'a codestream of %s that claims another size than its file meets no decoder',
  (transferSyntax) => {
    const { codestream, more } = encodedPixels(transferSyntax, PIXELS, COLUMNS);
    const other = { ...more, '00280010': ['US', [29]] } as const;
    expect(() =>
      valuesOf(dicomFile(chestElements(PIXELS, COLUMNS, other), { transferSyntax, codestream })),
    ).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_IMAGE' }));
  },
);

test.each(UIDS.flatMap((uid) => [0.5, 0.9, 0.99].map((share) => [uid, share] as const)))(
  'of a codestream of %s that was cut to %d of its length nothing is made up',
  (transferSyntax, share) => {
    const { codestream, more } = encodedPixels(transferSyntax, NOISE, COLUMNS);
    const cut = codestream.subarray(0, Math.floor(codestream.length * share));
    const file = dicomFile(chestElements(NOISE, COLUMNS, more), { transferSyntax, codestream: cut });
    expect(() => valuesOf(file)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_IMAGE', message: expect.stringMatching(/got fewer/) }),
    );
  },
);
