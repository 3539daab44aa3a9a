import type { DataSet } from 'dicom-parser';
import { type LookUpTable, lookUpTable } from './look-up-table.ts';

/** All that is ever read of a file beside its pixels; patient and institution are not among it. */
export type Attributes = {
  readonly modality: string | undefined;
  readonly bodyPart: string | undefined;
  readonly viewPosition: string | undefined;
  readonly studyInstanceUID: string | null;
  readonly seriesInstanceUID: string | null;
  readonly sopInstanceUID: string | null;
  readonly photometricInterpretation: string | undefined;
  readonly samplesPerPixel: number;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly rescale: { readonly slope: number; readonly intercept: number };
  readonly modalityTable: LookUpTable | undefined;
  readonly window: Window | undefined;
  readonly voiTable: LookUpTable | undefined;
};

/** The first window of a file (PS3.3, C.11.2). */
export type Window = {
  readonly center: number;
  readonly width: number;
  readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
};

export function readAttributes(dataSet: DataSet): Attributes {
  const number = (tag: string, absent: number) => dataSet.uint16(tag) ?? absent;
  const isSigned = number('x00280103', 0) === 1;
  const bitsStored = number('x00280101', 0);
  const slope = dataSet.floatString('x00281053') ?? 1;
  const intercept = dataSet.floatString('x00281052') ?? 0;
  const isRescaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept);
  return {
    modality: code(dataSet, 'x00080060'),
    bodyPart: code(dataSet, 'x00180015'),
    viewPosition: code(dataSet, 'x00185101'),
    studyInstanceUID: uid(dataSet, 'x0020000d'),
    seriesInstanceUID: uid(dataSet, 'x0020000e'),
    sopInstanceUID: uid(dataSet, 'x00080018'),
    photometricInterpretation: code(dataSet, 'x00280004'),
    samplesPerPixel: number('x00280002', 1),
    frames: dataSet.intString('x00280008') ?? 1,
    rows: number('x00280010', 0),
    columns: number('x00280011', 0),
    bitsAllocated: number('x00280100', 0),
    bitsStored,
    highBit: number('x00280102', bitsStored - 1),
    isSigned,
    rescale: isRescaled ? { slope, intercept } : { slope: 1, intercept: 0 },
    modalityTable: lookUpTable(dataSet, 'x00283000', isSigned),
    window: readWindow(dataSet),
    voiTable: lookUpTable(dataSet, 'x00283010', isSigned || intercept < 0),
  };
}

/** A coded string (PS3.5, VR CS). */
function code(dataSet: DataSet, tag: string): string | undefined {
  const value = dataSet.string(tag, 0)?.trim().toUpperCase();
  return value !== undefined && /^[A-Z0-9_ ]{1,16}$/.test(value) ? value : undefined;
}

function uid(dataSet: DataSet, tag: string): string | null {
  const value = dataSet.string(tag, 0);
  return value !== undefined && /^[0-9.]{1,64}$/.test(value) ? value : null;
}

function readWindow(dataSet: DataSet): Window | undefined {
  const center = dataSet.floatString('x00281050', 0);
  const width = dataSet.floatString('x00281051', 0);
  const named = code(dataSet, 'x00281056');
  const shape = named === 'LINEAR_EXACT' || named === 'SIGMOID' ? named : 'LINEAR';
  if (center === undefined || width === undefined || !Number.isFinite(center) || !Number.isFinite(width))
    return undefined;
  return width > 0 && (shape !== 'LINEAR' || width >= 1) ? { center, width, shape } : undefined;
}
