/** How a DICOM file begins: with the preamble of PS3.10, with its meta information alone, or with the data set itself
 *  in one of the native encodings. */
export type DicomStart = 'PREAMBLE' | 'META' | 'IMPLICIT' | 'EXPLICIT' | 'BIG_ENDIAN';

/** From so many bytes on, `dicomStart` can tell. */
export const DICOM_START_BYTES = 132;

/** Longest value that may stand first in a data set without preamble: they are short there. */
const LONGEST_FIRST_VALUE = 1024;

/** @param head the first bytes of a file
 *  @returns undefined for all that is not DICOM */
export function dicomStart(head: Buffer): DicomStart | undefined {
  if (head.length >= DICOM_START_BYTES && head.toString('latin1', 128, 132) === 'DICM') return 'PREAMBLE';
  if (head.length < DICOM_START_BYTES) return undefined;
  const isExplicit = /^[A-Z]{2}$/.test(head.toString('latin1', 4, 6));
  if (isExplicit && head.readUInt16LE(0) === 0x0002) return 'META';
  if (isExplicit && head.readUInt16LE(0) === 0x0008) return 'EXPLICIT';
  if (isExplicit && head.readUInt16BE(0) === 0x0008) return 'BIG_ENDIAN';
  if (head.readUInt16LE(0) === 0x0008 && head.readUInt32LE(4) <= LONGEST_FIRST_VALUE) return 'IMPLICIT';
  return undefined;
}
