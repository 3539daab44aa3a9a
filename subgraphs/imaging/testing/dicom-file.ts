/** A value of an element: text, numbers of 16 bit, bytes, or the items of a sequence. */
type Value = string | readonly number[] | Uint8Array | { readonly items: readonly DicomElements[] };
/** By tag, such as 00280010. */
export type DicomElements = Readonly<Record<string, readonly [vr: string, value: Value]>>;

export type DicomFileOptions = {
  readonly transferSyntax?: string;
  /** Bytes of a codestream, in place of native pixels. */
  readonly codestream?: Uint8Array;
  readonly start?: 'PREAMBLE' | 'META' | 'NOTHING';
};

const LONG_LENGTH = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const UNDEFINED = 0xffff_ffff;

/** The elements of a chest radiograph by computed radiography.
 *  @param pixels uint16 [rows, columns], row-major */
export function chestElements(pixels: Uint16Array, columns: number, more: DicomElements = {}): DicomElements {
  return {
    '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.1'],
    '00080018': ['UI', '2.25.3'],
    '00080060': ['CS', 'CR'],
    '00180015': ['CS', 'CHEST'],
    '00185101': ['CS', 'PA'],
    '0020000D': ['UI', '2.25.1'],
    '0020000E': ['UI', '2.25.2'],
    '00280002': ['US', [1]],
    '00280004': ['CS', 'MONOCHROME2'],
    '00280010': ['US', [pixels.length / columns]],
    '00280011': ['US', [columns]],
    '00280100': ['US', [16]],
    '00280101': ['US', [12]],
    '00280102': ['US', [11]],
    '00280103': ['US', [0]],
    '7FE00010': ['OW', new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)],
    ...more,
  };
}

/** Writes a DICOM file in explicit little endian (PS3.10), its pixels by `codestream` where there is one. */
export function dicomFile(elements: DicomElements, options: DicomFileOptions = {}): Buffer {
  const { transferSyntax = EXPLICIT_LITTLE_ENDIAN, codestream, start = 'PREAMBLE' } = options;
  const { '7FE00010': pixels, ...others } = elements;
  const last = codestream ? encapsulated(codestream) : pixels ? element('7FE00010', pixels) : Buffer.alloc(0);
  const dataSet = Buffer.concat([written(others), last]);
  if (start === 'NOTHING') return dataSet;
  const meta = written({ '00020010': ['UI', transferSyntax] });
  const length = Buffer.from('02000000554c040000000000', 'hex');
  length.writeUInt32LE(meta.length, 8);
  const preamble = start === 'PREAMBLE' ? [Buffer.alloc(128), Buffer.from('DICM')] : [];
  return Buffer.concat([...preamble, length, meta, dataSet]);
}

function written(elements: DicomElements): Buffer {
  const inOrder = Object.keys(elements).toSorted();
  return Buffer.concat(inOrder.map((tag) => element(tag, elements[tag] ?? ['UN', ''])));
}

function element(tag: string, [vr, value]: readonly [vr: string, value: Value]): Buffer {
  const bytes = even(valueBytes(value));
  const isLong = LONG_LENGTH.has(vr);
  const header = Buffer.alloc(isLong ? 12 : 8);
  tagBytes(tag).copy(header);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(bytes.length, 8);
  else header.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

function valueBytes(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (value instanceof Uint8Array) return Buffer.from(value);
  if ('items' in value)
    return Buffer.concat(value.items.map((entries) => item('FFFEE000', written(entries))));
  return Buffer.from(Uint16Array.from(value as readonly number[]).buffer);
}

/** With an empty offset table, all in one fragment. */
function encapsulated(codestream: Uint8Array): Buffer {
  const header = Buffer.concat([tagBytes('7FE00010'), Buffer.from('OB\0\0'), Buffer.alloc(4)]);
  header.writeUInt32LE(UNDEFINED, 8);
  return Buffer.concat([
    header,
    item('FFFEE000', Buffer.alloc(0)),
    item('FFFEE000', even(Buffer.from(codestream))),
    item('FFFEE0DD', Buffer.alloc(0)),
  ]);
}

function item(tag: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(8);
  tagBytes(tag).copy(header);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

const tagBytes = (tag: string) => Buffer.from(tag, 'hex').swap16();
const even = (bytes: Buffer) => (bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]));
