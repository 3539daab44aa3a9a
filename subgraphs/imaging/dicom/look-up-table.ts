import type { DataSet } from 'dicom-parser';

/** A look-up table of a file (PS3.3, C.11.1.1.1). */
export type LookUpTable = {
  /** The value that the first entry belongs to; those below it get the same. */
  readonly first: number;
  readonly entries: Uint16Array;
  /** Largest value that an entry may have. */
  readonly most: number;
};

const LARGEST_LENGTH = 65_536;

/** @param sequence the tag of a sequence whose first item is the table
 *  @returns undefined when there is none, or none that can be used */
export function lookUpTable(dataSet: DataSet, sequence: string, isSigned: boolean): LookUpTable | undefined {
  const item = dataSet.elements[sequence]?.items?.[0]?.dataSet;
  const data = item?.elements.x00283006;
  if (!item || !data) return undefined;
  const length = item.uint16('x00283002', 0) || LARGEST_LENGTH;
  const first = isSigned ? item.int16('x00283002', 1) : item.uint16('x00283002', 1);
  const bits = item.uint16('x00283002', 2) ?? 0;
  const isWide = data.length >= 2 * length;
  if (first === undefined || bits < 8 || bits > 16 || data.length < length) return undefined;
  const bytes = item.byteArray.subarray(data.dataOffset, data.dataOffset + data.length);
  const entries = Uint16Array.from(
    { length },
    (_, index) => (isWide ? item.uint16('x00283006', index) : bytes[index]) ?? 0,
  );
  return { first, entries, most: 2 ** bits - 1 };
}

export function lookUp({ first, entries }: LookUpTable, value: number): number {
  const index = Math.min(entries.length - 1, Math.max(0, Math.round(value) - first));
  return entries[index] ?? 0;
}
