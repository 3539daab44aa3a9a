import type { DicomJson } from './dicom-json.ts';

/** A data set by the keywords of PS3.6, such as PatientID. */
export type Attributes = Readonly<Record<string, unknown>>;

export type SopReference = { readonly sopClassUID: string; readonly sopInstanceUID: string };

/** What is copied of the source into what is written about it: who it is of, and in which study (PS3.3, C.7.1.1, C.7.2.1).
 *  These never leave the memory of a write-back but towards the PACS that they come from. Those named without a ? are
 *  written empty where the source has none. */
const COPIED: Readonly<Record<string, string>> = {
  '00080020': 'DA',
  '00080030': 'TM',
  '00080050': 'SH',
  '00080090': 'PN',
  '00080201': 'SH?',
  '00081030': 'LO?',
  '00100010': 'PN',
  '00100020': 'LO',
  '00100021': 'LO?',
  '00100030': 'DA',
  '00100040': 'CS',
  '00101010': 'AS?',
  '0020000D': 'UI',
  '00200010': 'SH',
};

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Of this writer: a UUID of its own. */
const IMPLEMENTATION_UID = '2.25.109626528793019852352681347447034040007';

export const MANUFACTURER = 'Radiograph';
export const NOT_FOR_CLINICAL_USE =
  'Not for clinical use: computed by a demonstration model that is not approved as a medical device.';

/** Writes a DICOM file in explicit little endian.
 *  @param source attributes of the image that it is about, from which patient and study are copied
 *  @param pixels the values of native pixels, 8 bit each */
export async function writeDicom(
  attributes: Attributes,
  source: DicomJson,
  pixels?: Buffer,
): Promise<Buffer> {
  // Loaded when somebody first writes: it is large, and few processes ever do.
  const { default: dcmjs } = await import('dcmjs');
  // What it meets, it would write to the console.
  dcmjs.log.setLevel('silent');
  const { DicomDict, DicomMetaDictionary } = dcmjs.data;
  const { SOPClassUID, SOPInstanceUID } = attributes;
  const version = new Uint8Array([0, 1]).buffer;
  const file = new DicomDict({
    '00020001': { vr: 'OB', Value: [version] },
    '00020002': { vr: 'UI', Value: [SOPClassUID] },
    '00020003': { vr: 'UI', Value: [SOPInstanceUID] },
    '00020010': { vr: 'UI', Value: [EXPLICIT_LITTLE_ENDIAN] },
    '00020012': { vr: 'UI', Value: [IMPLEMENTATION_UID] },
  });
  const own = DicomMetaDictionary.denaturalizeDataset({ SpecificCharacterSet: 'ISO_IR 192', ...attributes });
  file.dict = { ...own, ...copied(source) };
  const written = Buffer.from(file.write());
  return pixels ? Buffer.concat([written, ...pixelData(pixels)]) : written;
}

/** The last element of a file (PS3.5, 7.1.2). The library takes half a second over as many bytes, in which nothing else runs. */
function pixelData(pixels: Buffer): Buffer[] {
  const padding = Buffer.alloc(pixels.length % 2);
  const header = Buffer.from('e07f10004f42000000000000', 'hex');
  header.writeUInt32LE(pixels.length + padding.length, 8);
  return [header, pixels, padding];
}

function copied(source: DicomJson): DicomJson {
  return Object.fromEntries(
    Object.entries(COPIED).flatMap(([tag, kind]) => {
      const vr = kind.slice(0, 2);
      const [value] = source[tag]?.vr === vr ? (source[tag].Value ?? []) : [];
      if (isValue(value, vr)) return [[tag, { vr, Value: [value] }]];
      return kind.endsWith('?') ? [] : [[tag, { vr, Value: [] }]];
    }),
  );
}

function isValue(value: unknown, vr: string): boolean {
  if (vr !== 'PN') return typeof value === 'string' && value !== '';
  const groups = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return groups.length > 0 && groups.every((group) => typeof group === 'string');
}

/** A moment as DICOM writes it: in the offset from UTC that the source states, else in the time of this machine.
 *  @param time ms since 1970 */
export function dateAndTime(time: number, source: DicomJson): { date: string; time: string } {
  const [, sign, hours, minutes] =
    /^([+-])(\d\d)(\d\d)\s*$/.exec(String(source['00080201']?.Value?.[0])) ?? [];
  const offset = Number(hours) * 60 + Number(minutes);
  const ahead = sign === undefined ? -new Date(time).getTimezoneOffset() : sign === '-' ? -offset : offset;
  const digits = new Date(time + ahead * 60_000).toISOString().replaceAll(/\D/g, '');
  return { date: digits.slice(0, 8), time: digits.slice(8, 14) };
}

/** A code (PS3.3, 8.8), such as code('DCM', '121071', 'Finding'). */
export function code(scheme: string, value: string, meaning: string): readonly [Attributes] {
  // A code value has 16 characters at most; a longer one has an attribute of its own.
  const CodeValue = value.length <= 16 ? { CodeValue: value } : { LongCodeValue: value };
  return [{ ...CodeValue, CodingSchemeDesignator: scheme, CodeMeaning: meaning.slice(0, 64) }];
}

export function reference({ sopClassUID, sopInstanceUID }: SopReference): Attributes {
  return { ReferencedSOPClassUID: sopClassUID, ReferencedSOPInstanceUID: sopInstanceUID };
}
