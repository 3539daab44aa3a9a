import dcmjsCodecs from 'dcmjs-codecs';
import type { DicomElements } from './dicom-file.ts';

const { Context, NativeCodecs } = dcmjsCodecs;

type Encoder = (context: InstanceType<typeof Context>) => InstanceType<typeof Context>;

const ENCODERS: Record<string, readonly [encode: Encoder, tolerance: number]> = {
  '1.2.840.10008.1.2.5': [(context) => NativeCodecs.encodeRle(context), 0],
  '1.2.840.10008.1.2.4.50': [(context) => NativeCodecs.encodeJpeg(context, { lossy: true, quality: 98 }), 6],
  '1.2.840.10008.1.2.4.51': [(context) => NativeCodecs.encodeJpeg(context, { lossy: true, quality: 98 }), 6],
  '1.2.840.10008.1.2.4.57': [
    (context) => NativeCodecs.encodeJpeg(context, { lossy: false, predictor: 4 }),
    0,
  ],
  '1.2.840.10008.1.2.4.70': [(context) => NativeCodecs.encodeJpeg(context, { lossy: false }), 0],
  '1.2.840.10008.1.2.4.80': [(context) => NativeCodecs.encodeJpegLs(context, { lossy: false }), 0],
  '1.2.840.10008.1.2.4.81': [
    (context) => NativeCodecs.encodeJpegLs(context, { lossy: true, allowedLossyError: 3 }),
    3,
  ],
  '1.2.840.10008.1.2.4.90': [(context) => NativeCodecs.encodeJpeg2000(context, { lossy: false }), 0],
  '1.2.840.10008.1.2.4.91': [(context) => NativeCodecs.encodeJpeg2000(context, { lossy: true, rate: 2 }), 96],
  '1.2.840.10008.1.2.4.201': [(context) => NativeCodecs.encodeHtJpeg2000(context, { lossy: false }), 0],
  '1.2.840.10008.1.2.4.202': [
    (context) => NativeCodecs.encodeHtJpeg2000(context, { lossy: false, progressionOrder: 2 }),
    0,
  ],
  '1.2.840.10008.1.2.4.203': [(context) => NativeCodecs.encodeHtJpeg2000(context, { lossy: true }), 96],
};

const EIGHT_BIT: DicomElements = {
  '00280100': ['US', [8]],
  '00280101': ['US', [8]],
  '00280102': ['US', [7]],
};

/** Encodes 12 bit pixels; their upper 8 in lossy JPEG, of which the encoder makes no more.
 *  @returns how far a decoded value may be from its original, and what the file must say beside it */
export function encodedPixels(transferSyntax: string, pixels: Uint16Array, columns: number) {
  const [encode, tolerance] = ENCODERS[transferSyntax] ?? [];
  if (!encode || tolerance === undefined) throw new Error(`Expected an encoder for ${transferSyntax}`);
  const isLossyJpeg = /\.5[01]$/.test(transferSyntax);
  const bytes = isLossyJpeg
    ? Uint8Array.from(pixels, (value) => value >> 4)
    : new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const encoded = encode(
    new Context({
      ...{ width: columns, height: pixels.length / columns, samplesPerPixel: 1, planarConfiguration: 0 },
      ...(isLossyJpeg ? { bitsAllocated: 8, bitsStored: 8 } : { bitsAllocated: 16, bitsStored: 12 }),
      ...{ pixelRepresentation: 0, photometricInterpretation: 'MONOCHROME2', decodedBuffer: bytes },
    }),
  );
  const codestream = encoded.getEncodedBuffer() ?? new Uint8Array();
  return { codestream, tolerance, more: isLossyJpeg ? EIGHT_BIT : {} };
}
