import dcmjsCodecs from 'dcmjs-codecs';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { RadiographError } from '#common/errors.ts';
import type { Attributes } from './attributes.ts';
import { type CodestreamSize, jpeg2000Size, jpegSize } from './codestream-size.ts';
import type { ReadDataSet } from './data-set.ts';
import type { StoredPixels } from './render-grey.ts';
import { EXPLICIT_BIG_ENDIAN, TRANSFER_SYNTAXES, type TransferSyntax } from './transfer-syntaxes.ts';
import { hasEnd, isWholeRle } from './whole-codestream.ts';

const { Context } = dcmjsCodecs;

type Encapsulated = Extract<TransferSyntax, { kind: 'encapsulated' }>;

/** A decoder met what it cannot decode. It may not be used any more: a fault in one picture has made others fail. */
export class DecoderFault extends Error {
  override name = 'DecoderFault';
}

/** Takes or decodes the pixels of a picture. The codecs must have been initialised.
 *  @throws RadiographError UNSUPPORTED_IMAGE before a decoder saw anything, else DecoderFault */
export function storedPixels({ dataSet, transferSyntax }: ReadDataSet, attributes: Attributes): StoredPixels {
  const syntax = TRANSFER_SYNTAXES.get(transferSyntax);
  if (!syntax) throw unsupported('Expected a transfer syntax that is read, got another one');
  const element = dataSet.elements.x7fe00010;
  if (!element) throw unsupported('Expected a picture, got a DICOM file without one');
  if ((syntax.kind === 'encapsulated') !== (element.encapsulatedPixelData === true))
    throw unsupported('Expected pixels as the transfer syntax says, got others');
  if (syntax.kind === 'encapsulated')
    return {
      values: decoded(encapsulated(dataSet, element), syntax, attributes),
      clamped: syntax.lossy === true,
    };
  const isBigEndian = transferSyntax === EXPLICIT_BIG_ENDIAN;
  return { values: native(dataSet, element, attributes, isBigEndian), clamped: false };
}

function native(
  { byteArray }: DataSet,
  { dataOffset, vr }: Element,
  { rows, columns, bitsAllocated }: Attributes,
  isBigEndian: boolean,
): StoredPixels['values'] {
  const length = rows * columns * (bitsAllocated / 8);
  // A word that begins within the picture ends within it too; the odd byte of padding is not always there.
  const bytes = new Uint8Array(byteArray.subarray(dataOffset, dataOffset + length));
  if (bytes.length < length) throw unsupported('Expected as many pixels as the file claims, got fewer');
  if (isBigEndian && (bitsAllocated === 16 || vr === 'OW') && length % 2 === 0)
    Buffer.from(bytes.buffer).swap16();
  return toValues(bytes, bitsAllocated);
}

/** One picture is all of its fragments. */
function encapsulated(dataSet: DataSet, element: Element): Buffer {
  const count = element.fragments?.length ?? 0;
  if (count === 0) throw unsupported('Expected as many pixels as the file claims, got none');
  try {
    return Buffer.from(dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, count));
  } catch {
    throw unsupported('Expected whole fragments of pixels, got torn ones');
  }
}

function decoded(codestream: Buffer, syntax: Encapsulated, attributes: Attributes): StoredPixels['values'] {
  const { rows, columns } = attributes;
  checkCodestream(codestream, syntax, attributes);
  const context = new Context({
    ...{ width: columns, height: rows, samplesPerPixel: 1, planarConfiguration: 0 },
    bitsAllocated: attributes.bitsAllocated,
    bitsStored: attributes.bitsStored,
    pixelRepresentation: attributes.isSigned ? 1 : 0,
    photometricInterpretation: attributes.photometricInterpretation ?? '',
    encodedBuffer: codestream,
  });
  try {
    const answer = syntax.decode(context);
    const bits = answer.getBitsAllocated();
    const bytes = answer.getDecodedBuffer();
    const isWhole = bytes?.length === (rows * columns * (bits ?? 0)) / 8;
    if (!bytes || !isWhole || answer.getWidth() !== columns || answer.getHeight() !== rows)
      throw new Error('The decoder gave another picture than the file claims');
    return toValues(bytes, bits ?? 0);
  } catch (cause) {
    throw new DecoderFault('The pixels do not decode', { cause });
  }
}

/** What a codestream claims decides how much room its decoder takes, and what it lacks is made up. */
function checkCodestream(
  codestream: Buffer,
  { codestream: kind }: Encapsulated,
  attributes: Attributes,
): void {
  const isWhole =
    kind === 'RLE'
      ? isWholeRle(codestream, attributes.bitsAllocated / 8, attributes.rows * attributes.columns)
      : hasEnd(codestream);
  if (!isWhole) throw unsupported('Expected as many pixels as the file claims, got fewer');
  if (kind === 'RLE') return;
  const size: CodestreamSize | undefined = kind === 'JPEG' ? jpegSize(codestream) : jpeg2000Size(codestream);
  const { rows, columns } = attributes;
  if (size?.rows !== rows || size.columns !== columns || size.components !== 1)
    throw unsupported('Expected pixels as large as the file claims, got others');
}

function toValues(bytes: Uint8Array, bits: number): StoredPixels['values'] {
  if (bits === 8) return bytes;
  if (bits !== 16) throw new Error(`Expected 8 or 16 bits, got ${bits}`);
  // Every machine that this runs on is little-endian, as the decoded bytes are.
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

const unsupported = (message: string) => new RadiographError('UNSUPPORTED_IMAGE', message);
