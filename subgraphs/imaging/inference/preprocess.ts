import sharp from 'sharp';
import { safeSharp } from '#common/safe-sharp.ts';

/** Raised whenever a change here, or in how DICOM files are rendered, changes the pixels that the model sees: part of
 *  every cache key. */
export const PREPROCESSING_VERSION = 1;

/** Edge of the square that the model reads, in pixels. */
export const MODEL_EDGE = 256;

/** Turns an encoded radiograph into the model's input.
 *
 *  Upright by its EXIF orientation, grey, 8 bit, stretched (never padded: the aspect ratio alone
 *  gives the label away) to 256 × 256 with the Lanczos-3 kernel.
 *  @param encoded a JPEG or PNG file
 *  @returns uint8 [256, 256], row-major, one channel; the caller repeats it to three
 *  @throws RadiographError UNSUPPORTED_IMAGE when the bytes do not decode */
export async function modelInput(encoded: Buffer): Promise<Buffer> {
  return safeSharp(encoded, (image) =>
    image
      .resize(MODEL_EDGE, MODEL_EDGE, { fit: 'fill', kernel: sharp.kernel.lanczos3 })
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
}
