import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dcmjsCodecs from 'dcmjs-codecs';
import { beforeAll, expect, test } from 'vitest';
import { program } from '#common/testing/programs.ts';
import { readAttributes } from './attributes.ts';
import { readDataSet } from './data-set.ts';
import { renderGrey } from './render-grey.ts';
import { storedPixels } from './stored-pixels.ts';
import { checkReadable, checkSuitable } from './suitability.ts';

/** Files that are not ours to give away: they lie beside the project where they are at hand. */
const FOLDER = join(import.meta.dirname, '../../../../shared/data/dicom');
const there = existsSync(join(FOLDER, 'manifest.csv'));
if (!there) console.warn('SKIPPED: real DICOM files are read in ../shared/data/dicom, which is not there');
const dcmtk = ['dcmj2pnm', 'dcmdjpls'].every((name) => program(name) !== undefined);
if (there && !dcmtk)
  console.warn('SKIPPED: pictures are compared with those of dcmtk, which is not installed');

beforeAll(() => dcmjsCodecs.NativeCodecs.initializeAsync());

const NOT_CHEST = /another body part/;
const NOT_RADIOGRAPH = /another modality/;

type Readable = {
  readonly file: string;
  /** Why it is not taken, where it is not. */
  readonly refusal?: RegExp;
  /** A file with the same pixels that dcmtk reads where it does not read the file itself: it knows no JPEG 2000. */
  readonly twin?: string;
};

const READABLE: readonly Readable[] = [
  { file: 'cr_chest_j2k_lossy.dcm', twin: 'derived/cr_chest_nema1955_explicit_le_15bit.dcm' },
  { file: 'cr_chest_mono1_10bit_no_meta.dcm' },
  { file: 'cr_modality_lut_sequence.dcm' },
  { file: 'cr_extremity_explicit_le.dcm', refusal: NOT_CHEST },
  { file: 'cr_extremity_jpegls_lossless.dcm', refusal: NOT_CHEST },
  { file: 'cr_extremity_j2k_lossless.dcm', refusal: NOT_CHEST, twin: 'cr_extremity_explicit_le.dcm' },
  { file: 'cr_extremity_jpeg_extended12.dcm', refusal: NOT_CHEST },
  { file: 'cr_extremity_rle.dcm', refusal: NOT_CHEST },
  { file: 'ct_explicit_big_endian.dcm', refusal: NOT_RADIOGRAPH },
  { file: 'ct_implicit_le.dcm', refusal: NOT_RADIOGRAPH },
  { file: 'deflated_explicit_le.dcm', refusal: NOT_RADIOGRAPH },
  { file: 'derived/cr_chest_barre440_explicit_le.dcm' },
  { file: 'derived/cr_chest_barre440_implicit_le.dcm' },
  { file: 'derived/cr_chest_barre440_jpeg_lossless_sv1.dcm' },
  { file: 'derived/cr_chest_barre440_jpeg_baseline_8bit.dcm' },
  { file: 'derived/cr_chest_barre440_jpegls.dcm' },
  { file: 'derived/cr_chest_barre440_rle.dcm' },
  { file: 'derived/cr_chest_barre440_j2k_lossless.dcm', twin: 'derived/cr_chest_barre440_explicit_le.dcm' },
  { file: 'derived/cr_chest_nema1955_explicit_le_15bit.dcm' },
  { file: 'derived/cr_chest_nema1955_jpeg_lossless_15bit.dcm' },
];

/** In a lossy file, values beyond those that the bits stored can tell: dcmtk lets the brightest turn black. */
const MOST_BEYOND = 8;

function read(file: string) {
  const found = readDataSet(readFileSync(join(FOLDER, file)));
  const attributes = readAttributes(found.dataSet);
  checkReadable(attributes);
  return { attributes, grey: () => renderGrey(attributes, storedPixels(found, attributes)) };
}

test.skipIf(!there || !dcmtk).each<Readable>(READABLE)(
  '$file looks as it does in dcmtk',
  ({ file, twin = file }) => {
    const { attributes, grey } = read(file);
    const expected = rendered(join(FOLDER, twin), attributes.window ? ['+Wi', '1'] : ['+Wm']);
    const picture = grey();
    expect(picture).toHaveLength(expected.length);
    const different = picture.filter((value, index) => Math.abs(value - (expected[index] ?? 0)) > 1);
    expect(different.length).toBeLessThanOrEqual(file.includes('extended12') ? MOST_BEYOND : 0);
  },
);

test
  .skipIf(!there)
  .each([
    ...READABLE,
    { file: 'cr_hip_mono2_j2k_lossless.dcm', refusal: NOT_CHEST },
    { file: 'mg_12bit_j2k_lossy_large.dcm', refusal: NOT_RADIOGRAPH },
  ])('$file is rendered, and refused unless it may be a frontal chest', ({ file, refusal }) => {
  const { attributes, grey } = read(file);
  const picture = grey();
  expect(picture).toHaveLength(attributes.rows * attributes.columns);
  expect(new Set(picture).size).toBeGreaterThan(2);
  if (refusal) expect(() => checkSuitable(attributes)).toThrow(refusal);
  else expect(checkSuitable(attributes)).toMatchObject({ modality: 'CR' });
});

test.skipIf(!there).each([
  ['bad_j2k_codestream_too_short.dcm', /number of frames/],
  ['bad_meta_missing_transfer_syntax.dcm', /not those of a whole DICOM file/],
  ['bad_truncated_pixels.dcm', /not those of a whole DICOM file/],
  ['ct_2frame_jpeg_lossless57_fragmented_no_bot.dcm', /number of frames/],
  ['mr_enhanced_10frame_big_endian.dcm', /number of frames/],
  ['xa_multiframe96_jpeg_baseline.dcm', /number of frames/],
  ['rtplan_no_pixels.dcm', /without one/],
  ['sc_colour_ybr_jpeg_baseline.dcm', /grey picture/],
])('%s is refused in plain words', (file, message) => {
  expect(() => read(file).grey()).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_IMAGE', message: expect.stringMatching(message) }),
  );
});

/** The picture by dcmtk, 8 bit. */
function rendered(path: string, window: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'dicom-'));
  try {
    const plain = join(folder, 'plain.dcm');
    const picture = join(folder, 'picture.pgm');
    const isJpegLs = path.includes('jpegls');
    if (isJpegLs) execFileSync('dcmdjpls', [path, plain]);
    execFileSync('dcmj2pnm', [...window, '+op', isJpegLs ? plain : path, picture], { stdio: 'pipe' });
    const pgm = readFileSync(picture);
    const header = /^P5\s(?:#.*\n)?\d+ \d+\s+\d+\n/.exec(pgm.toString('latin1', 0, 200));
    return pgm.subarray(header?.[0].length);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
