import sharp, { type Sharp } from 'sharp';
import { RadiographError } from './errors.ts';

// Refuse every decoder, then allow the two that a radiograph may need: SVG, PDF or TIFF bytes never reach a parser.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer'] });
sharp.cache(false);

/** Largest picture taken, in pixels: a 219 kB PNG can claim 225 megapixels. */
const MAX_PIXELS = 4096 * 4096;
const TIMEOUT_SECONDS = 10;

export type ImageHeader = { format: 'jpeg' | 'png'; width: number; height: number };

/** Reads the header alone (about 0.1 ms).
 *  @returns width and height in pixels, upright by the EXIF orientation
 *  @throws RadiographError UNSUPPORTED_IMAGE for anything but one JPEG or PNG picture of at most 4096² pixels */
export async function imageHeader(encoded: Buffer): Promise<ImageHeader> {
  const metadata = await decoding(() =>
    sharp(encoded, { limitInputPixels: MAX_PIXELS, failOn: 'warning' }).metadata(),
  );
  const { format, width, height } = metadata;
  if ((format !== 'jpeg' && format !== 'png') || (metadata.pages ?? 1) > 1 || isAnimated(encoded))
    throw notOnePicture();
  const upright = metadata.autoOrient;
  if (width * height > MAX_PIXELS)
    throw new RadiographError(
      'UNSUPPORTED_IMAGE',
      `Expected at most ${MAX_PIXELS} pixels, got ${width} × ${height}`,
    );
  return { format, width: upright?.width ?? width, height: upright?.height ?? height };
}

/** Decodes a JPEG or PNG under the safe profile and hands `work` an upright, grey, 8 bit picture.
 *  @throws RadiographError UNSUPPORTED_IMAGE when the bytes do not decode in full */
export async function safeSharp<T>(encoded: Buffer, work: (grey: Sharp) => Promise<T>): Promise<T> {
  // The decoder looks at all else that the header tells.
  if (isAnimated(encoded)) throw notOnePicture();
  return decoding(() =>
    work(
      sharp(encoded, { limitInputPixels: MAX_PIXELS, failOn: 'warning' })
        .timeout({ seconds: TIMEOUT_SECONDS })
        .autoOrient()
        .flatten({ background: '#000' })
        .toColourspace('b-w'),
    ),
  );
}

const notOnePicture = () => new RadiographError('UNSUPPORTED_IMAGE', 'Expected one JPEG or PNG picture');

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const ACTL = 0x61_63_54_4c;
const IDAT = 0x49_44_41_54;

/** Whether a PNG is animated: libvips would pass off its first frame as the picture. The chunk that says so comes
 *  before the pixels (PNG, third edition: acTL). */
function isAnimated(encoded: Buffer): boolean {
  if (!encoded.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return false;
  for (let at = PNG_SIGNATURE.length; at + 8 <= encoded.length; at += 12 + encoded.readUInt32BE(at)) {
    const type = encoded.readUInt32BE(at + 4);
    if (type === ACTL) return true;
    if (type === IDAT) return false;
  }
  return false;
}

async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RadiographError) throw cause;
    throw new RadiographError('UNSUPPORTED_IMAGE', 'The bytes do not decode as a whole JPEG or PNG picture', {
      cause,
    });
  }
}
