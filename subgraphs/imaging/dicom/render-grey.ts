import type { Attributes, Window } from './attributes.ts';
import { lookUp } from './look-up-table.ts';

/** The stored values of a picture as they were decoded, 8 or 16 bit, row-major. */
export type StoredPixels = {
  readonly values: Uint8Array | Uint16Array;
  /** Values beyond the bits stored are the most that those can tell, not something else in the bits above. */
  readonly clamped: boolean;
};

/** Renders for display (PS3.4, N.2): modality rescale or table, then the file's window or table of values of interest,
 *  else the full range of what there is, and MONOCHROME1 inverted.
 *  @returns uint8 [rows, columns], black is 0 */
export function renderGrey(attributes: Attributes, { values, clamped }: StoredPixels): Uint8Array {
  const modality = modalityValues(attributes, values.BYTES_PER_ELEMENT * 8, clamped);
  const toGrey = valueOfInterest(attributes, modality, values);
  const isInverted = attributes.photometricInterpretation === 'MONOCHROME1';
  const greys = new Uint8Array(modality.length);
  for (let raw = 0; raw < greys.length; raw += 1) {
    const grey = Math.round(255 * Math.min(1, Math.max(0, toGrey(modality[raw] ?? 0))));
    greys[raw] = isInverted ? 255 - grey : grey;
  }
  const picture = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index += 1) picture[index] = greys[values[index] ?? 0] ?? 0;
  return picture;
}

/** The modality's value of each raw one. */
function modalityValues(attributes: Attributes, bits: number, clamped: boolean): Float64Array {
  const { bitsStored, highBit, isSigned, rescale, modalityTable } = attributes;
  const shift = clamped ? 0 : Math.max(0, highBit + 1 - bitsStored);
  const span = 2 ** bitsStored;
  const most = isSigned ? span / 2 - 1 : span - 1;
  const stored = (raw: number) => {
    if (clamped) {
      const value = isSigned && raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;
      return Math.min(most, Math.max(most + 1 - span, value));
    }
    const value = (raw >> shift) & (span - 1);
    return value > most ? value - span : value;
  };
  return Float64Array.from({ length: 2 ** bits }, (_, raw) =>
    modalityTable ? lookUp(modalityTable, stored(raw)) : stored(raw) * rescale.slope + rescale.intercept,
  );
}

/** @returns from a modality's value to 0 (dark) … 1 (bright), and beyond */
function valueOfInterest(
  { window, voiTable }: Attributes,
  modality: Float64Array,
  values: StoredPixels['values'],
): (value: number) => number {
  if (window) return windowed(window);
  if (voiTable) return (value) => lookUp(voiTable, value) / voiTable.most;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index += 1) {
    const value = modality[values[index] ?? 0] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least;
  return (value) => (range > 0 ? (value - least) / range : 0);
}

function windowed({ center, width, shape }: Window): (value: number) => number {
  switch (shape) {
    case 'LINEAR':
      if (width === 1) return (value) => (value <= center - 0.5 ? 0 : 1);
      return (value) => (value - (center - 0.5)) / (width - 1) + 0.5;
    case 'LINEAR_EXACT':
      return (value) => (value - center) / width + 0.5;
    case 'SIGMOID':
      return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
    default:
      return shape satisfies never;
  }
}
