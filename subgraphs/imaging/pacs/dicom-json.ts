import { isDicomUid } from '../domain/dicom-uid.ts';
import { DicomwebFault } from './dicomweb-fault.ts';

/** A data set in the DICOM JSON model (PS3.18, annex F): elements by tag, such as 00100020. */
export type DicomJson = Readonly<
  Record<string, { readonly vr: string; readonly Value?: readonly unknown[] } | undefined>
>;

/** @returns the data sets of an answer @throws DicomwebFault unusable */
export function dataSets(text: string): DicomJson[] {
  try {
    const read: unknown = JSON.parse(text);
    if (Array.isArray(read) && read.every(isObject)) return read as DicomJson[];
  } catch {
    // Not repeated: it may hold anything.
  }
  throw new DicomwebFault('unusable', 'Expected a list of data sets as JSON');
}

export function firstValue(dataSet: DicomJson, tag: string): unknown {
  const values: unknown = dataSet[tag]?.Value;
  return Array.isArray(values) ? values[0] : undefined;
}

/** @throws DicomwebFault unusable when there is no valid UID: it becomes part of an address */
export function uidIn(dataSet: DicomJson, tag: string): string {
  const uid = firstValue(dataSet, tag);
  if (!isDicomUid(uid)) throw new DicomwebFault('unusable', `Expected a UID in ${tag}`);
  return uid;
}

/** @returns the items of a sequence; none where it is absent */
export function itemsIn(dataSet: DicomJson, tag: string): DicomJson[] {
  const values: unknown = dataSet[tag]?.Value;
  return Array.isArray(values) ? values.filter(isObject) : [];
}

function isObject(value: unknown): value is DicomJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
