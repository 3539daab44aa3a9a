import dcmjsCodecs from 'dcmjs-codecs';

const { NativeCodecs } = dcmjsCodecs;

export type Decode = (context: InstanceType<typeof dcmjsCodecs.Context>) => typeof context;

/** How the pixels of a transfer syntax are kept (PS3.5, annex A). */
export type TransferSyntax =
  | { readonly kind: 'native' }
  | {
      readonly kind: 'encapsulated';
      readonly codestream: 'JPEG' | 'JPEG 2000' | 'RLE';
      readonly decode: Decode;
      /** What was lost may have left values beyond those that the bits stored can tell. */
      readonly lossy?: true;
    };

const rle: Decode = (context) => NativeCodecs.decodeRle(context);
const jpeg: Decode = (context) => NativeCodecs.decodeJpeg(context);
const jpegLs: Decode = (context) => NativeCodecs.decodeJpegLs(context);
const jpeg2000: Decode = (context) => NativeCodecs.decodeJpeg2000(context);
const htJpeg2000: Decode = (context) => NativeCodecs.decodeHtJpeg2000(context);

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** Every transfer syntax that is read, by its UID. */
export const TRANSFER_SYNTAXES: ReadonlyMap<string, TransferSyntax> = new Map<string, TransferSyntax>([
  [IMPLICIT_LITTLE_ENDIAN, { kind: 'native' }],
  [EXPLICIT_LITTLE_ENDIAN, { kind: 'native' }],
  [DEFLATED_LITTLE_ENDIAN, { kind: 'native' }],
  [EXPLICIT_BIG_ENDIAN, { kind: 'native' }],
  ['1.2.840.10008.1.2.5', { kind: 'encapsulated', codestream: 'RLE', decode: rle }],
  ['1.2.840.10008.1.2.4.50', { kind: 'encapsulated', codestream: 'JPEG', decode: jpeg, lossy: true }],
  ['1.2.840.10008.1.2.4.51', { kind: 'encapsulated', codestream: 'JPEG', decode: jpeg, lossy: true }],
  ['1.2.840.10008.1.2.4.57', { kind: 'encapsulated', codestream: 'JPEG', decode: jpeg }],
  ['1.2.840.10008.1.2.4.70', { kind: 'encapsulated', codestream: 'JPEG', decode: jpeg }],
  ['1.2.840.10008.1.2.4.80', { kind: 'encapsulated', codestream: 'JPEG', decode: jpegLs }],
  ['1.2.840.10008.1.2.4.81', { kind: 'encapsulated', codestream: 'JPEG', decode: jpegLs, lossy: true }],
  ['1.2.840.10008.1.2.4.90', { kind: 'encapsulated', codestream: 'JPEG 2000', decode: jpeg2000 }],
  [
    '1.2.840.10008.1.2.4.91',
    { kind: 'encapsulated', codestream: 'JPEG 2000', decode: jpeg2000, lossy: true },
  ],
  ['1.2.840.10008.1.2.4.201', { kind: 'encapsulated', codestream: 'JPEG 2000', decode: htJpeg2000 }],
  ['1.2.840.10008.1.2.4.202', { kind: 'encapsulated', codestream: 'JPEG 2000', decode: htJpeg2000 }],
  [
    '1.2.840.10008.1.2.4.203',
    { kind: 'encapsulated', codestream: 'JPEG 2000', decode: htJpeg2000, lossy: true },
  ],
]);
