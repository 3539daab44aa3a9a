import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { dicomStart } from '#common/dicom-signature.ts';
import { RadiographError } from '#common/errors.ts';
import { EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './transfer-syntaxes.ts';

/** A few kilobytes can hold gigabytes of zeros. The largest picture taken is a third of this. */
const MOST_INFLATED = 96 * 1024 * 1024;
const PREAMBLE = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
const BARE = {
  IMPLICIT: IMPLICIT_LITTLE_ENDIAN,
  EXPLICIT: EXPLICIT_LITTLE_ENDIAN,
  BIG_ENDIAN: EXPLICIT_BIG_ENDIAN,
} as const;

export type ReadDataSet = { readonly dataSet: DataSet; readonly transferSyntax: string };

/** Reads the elements of a DICOM file (PS3.10), with or without preamble, or of a data set that has no file meta
 *  information at all.
 *  @throws RadiographError UNSUPPORTED_IMAGE when it is none, FILE_TOO_LARGE when it inflates to more than 96 MiB */
export function readDataSet(file: Buffer): ReadDataSet {
  const start = dicomStart(file);
  if (start === undefined)
    throw new RadiographError('UNSUPPORTED_IMAGE', 'Expected a DICOM file, got other bytes');
  if (start === 'PREAMBLE') return parsed(file);
  if (start === 'META') return parsed(Buffer.concat([PREAMBLE, file]));
  return parsed(file, BARE[start]);
}

function parsed(file: Buffer, bareSyntax?: string): ReadDataSet {
  try {
    const dataSet = dicomParser.parseDicom(file, {
      inflater: inflated,
      ...(bareSyntax !== undefined && { TransferSyntaxUID: bareSyntax }),
    });
    const transferSyntax = bareSyntax ?? dataSet.string('x00020010');
    if (transferSyntax === undefined) throw new Error('no transfer syntax');
    return { dataSet, transferSyntax };
  } catch (cause) {
    if (cause instanceof RadiographError) throw cause;
    // The parser throws texts and bare objects too, which may hold what stands in the file.
    throw new RadiographError('UNSUPPORTED_IMAGE', 'The bytes are not those of a whole DICOM file');
  }
}

/** @returns the file with all behind `position` inflated */
function inflated(file: Uint8Array, position: number): Buffer {
  try {
    const rest = inflateRawSync(file.subarray(position), { maxOutputLength: MOST_INFLATED });
    return Buffer.concat([file.subarray(0, position), rest]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new RadiographError(
      'FILE_TOO_LARGE',
      `Expected a file of at most ${MOST_INFLATED / 1024 / 1024} MB when inflated, got more`,
    );
  }
}
