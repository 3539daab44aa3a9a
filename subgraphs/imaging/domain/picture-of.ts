import type { DicomFacts } from './dicom-facts.ts';

/** Makes a file ready for the decoders of JPEG and PNG.
 *  @returns a JPEG or PNG file as it is; of a DICOM file its picture for display, and what is kept beside it
 *  @throws RadiographError UNSUPPORTED_IMAGE, FILE_TOO_LARGE, OVERLOADED */
export type PictureOf = (
  file: Buffer,
) => Promise<{ readonly picture: Buffer; readonly dicom: DicomFacts | null }>;
