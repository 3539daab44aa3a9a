import { expect, test } from 'vitest';
import { DICOM_START_BYTES, dicomStart } from './dicom-signature.ts';

/** The first bytes of a file, given in hex, and zeros after them. */
function startOf(hex: string, length = DICOM_START_BYTES): Buffer {
  const head = Buffer.alloc(length);
  head.write(hex, 'hex');
  return head;
}

const preamble = startOf('');
preamble.write('DICM', 128);

test.each([
  ['PREAMBLE', preamble],
  ['META', startOf('02000000554c0400')],
  ['EXPLICIT', startOf('080005004353')],
  ['BIG_ENDIAN', startOf('000800054353')],
  ['IMPLICIT', startOf('0800050006000000')],
])('a file that begins with %s is DICOM', (start, head) => {
  expect(dicomStart(head)).toBe(start);
});

test.each([
  ['zeros', startOf('')],
  ['too few bytes', startOf('080005004353', DICOM_START_BYTES - 1)],
  ['a PNG file', startOf('89504e470d0a1a0a')],
  ['a JPEG file', startOf('ffd8ffe000104a464946')],
  ['a ZIP archive', startOf('504b030414000000')],
  ['a group that no file begins with', startOf('100005004353')],
  ['a first value that is far too long', startOf('08000500ffffff7f')],
])('%s is not', (_name, head) => {
  expect(dicomStart(head)).toBeUndefined();
});
