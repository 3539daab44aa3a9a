import { expect, test } from 'vitest';
import { chestElements, type DicomElements, dicomFile } from '../testing/dicom-file.ts';
import { readAttributes } from './attributes.ts';
import { readDataSet } from './data-set.ts';
import { renderGrey } from './render-grey.ts';
import { storedPixels } from './stored-pixels.ts';

/** Renders one row of stored values. */
function rendered(values: readonly number[], more: DicomElements = {}): number[] {
  const pixels = Uint16Array.from(values);
  const found = readDataSet(dicomFile(chestElements(pixels, pixels.length, more)));
  const attributes = readAttributes(found.dataSet);
  return [...renderGrey(attributes, storedPixels(found, attributes))];
}

const WINDOW: DicomElements = { '00281050': ['DS', '128\\9'], '00281051': ['DS', '256\\9'] };
const table = (first: number, entries: readonly number[]): DicomElements[string] => [
  'SQ',
  { items: [{ '00283002': ['US', [entries.length, first, 8]], '00283006': ['OW', entries] }] },
];

test('without a window the values there are span black to white', () => {
  expect(rendered([100, 200, 300])).toEqual([0, 128, 255]);
  expect(rendered([7, 7])).toEqual([0, 0]);
});

test('the first window of a file cuts off what lies beyond it', () => {
  expect(rendered([0, 100, 255, 4000], WINDOW)).toEqual([0, 100, 255, 255]);
});

test.each([
  ['LINEAR', [0, 128, 255, 255]],
  ['LINEAR_EXACT', [0, 128, 254, 255]],
  ['SIGMOID', [30, 128, 224, 255]],
])('a window may be %s', (shape, greys) => {
  expect(rendered([0, 128, 255, 4000], { ...WINDOW, '00281056': ['CS', shape] })).toEqual(greys);
});

test('a window that makes no sense is none', () => {
  const window: DicomElements = { '00281050': ['DS', 'x'], '00281051': ['DS', '-1'] };
  expect(rendered([100, 200, 300], window)).toEqual([0, 128, 255]);
});

test('the window is of rescaled values', () => {
  const rescale: DicomElements = { '00281052': ['DS', '-100'], '00281053': ['DS', '2'] };
  expect(rendered([50, 100], { ...WINDOW, ...rescale })).toEqual([0, 100]);
});

test('MONOCHROME1 is bright where values are low', () => {
  expect(rendered([0, 100, 255], { ...WINDOW, '00280004': ['CS', 'MONOCHROME1'] })).toEqual([255, 155, 0]);
});

test('values may be signed', () => {
  const signed: DicomElements = { '00280103': ['US', [1]] };
  expect(rendered([0xf9c, 0, 100], signed)).toEqual([0, 128, 255]);
});

test('what stands in the bits above those stored is no part of the picture', () => {
  expect(rendered([0xf000 + 100, 200, 300])).toEqual([0, 128, 255]);
  const high: DicomElements = { '00280102': ['US', [15]] };
  expect(rendered([0x100f, 0x2000, 0x3000], high)).toEqual([0, 128, 255]);
});

test('a table of the modality takes the place of the rescale', () => {
  expect(rendered([9, 10, 11, 12, 99], { ...WINDOW, '00283000': table(10, [3, 50, 200]) })).toEqual([
    3, 3, 50, 200, 200,
  ]);
});

test('a table of values of interest takes the place of the window', () => {
  expect(rendered([9, 10, 11, 12, 99], { '00283010': table(10, [3, 50, 200]) })).toEqual([
    3, 3, 50, 200, 200,
  ]);
});
