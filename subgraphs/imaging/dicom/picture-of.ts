import sharp from 'sharp';
import { dicomStart } from '#common/dicom-signature.ts';
import type { PictureOf } from '../domain/picture-of.ts';
import type { DicomReader } from './dicom-reader.ts';

/** It is read at once and thrown away: smaller files would cost more time than they spare. */
const PNG = { compressionLevel: 1 };

export function pictures({ read }: DicomReader): PictureOf {
  return async (file) => {
    if (dicomStart(file) === undefined) return { picture: file, dicom: null };
    const { grey, columns, rows, facts } = await read(file);
    const raw = { width: columns, height: rows, channels: 1 as const };
    return { picture: await sharp(grey, { raw }).toColourspace('b-w').png(PNG).toBuffer(), dicom: facts };
  };
}
