import { RadiographError } from '#common/errors.ts';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import type { Attributes } from './attributes.ts';

/** Largest picture taken, in pixels, as for JPEG and PNG. */
const MAX_PIXELS = 4096 * 4096;
const MODALITIES = ['CR', 'DX'] as const;
const VIEWS = ['PA', 'AP'] as const;

/** Lets through one grey picture whose values can be told.
 *  @throws RadiographError UNSUPPORTED_IMAGE */
export function checkReadable(attributes: Attributes): void {
  const { photometricInterpretation: photometric, samplesPerPixel, frames, rows, columns } = attributes;
  const { bitsAllocated, bitsStored, highBit } = attributes;
  if (rows === 0 || columns === 0) throw unsupported('Expected a picture, got a DICOM file without one');
  if ((photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2') || samplesPerPixel !== 1)
    throw unsupported('Expected a grey picture (MONOCHROME1 or MONOCHROME2), got another kind');
  if (frames !== 1) throw unsupported('Expected a single picture, got a file with another number of frames');
  if (rows * columns > MAX_PIXELS)
    throw unsupported(`Expected at most ${MAX_PIXELS} pixels, got ${columns} × ${rows}`);
  const isWhole = bitsStored >= 1 && bitsStored <= bitsAllocated && highBit < bitsAllocated;
  if ((bitsAllocated !== 8 && bitsAllocated !== 16) || !isWhole || highBit + 1 < bitsStored)
    throw unsupported('Expected values of 1 to 16 bits in 8 or 16, got others');
}

/** Lets through what may be a frontal radiograph of the chest. Body part and view are often left out; what they say
 *  counts where they say something.
 *  @returns in words of the standard alone: what else stands in the file stays there
 *  @throws RadiographError UNSUPPORTED_IMAGE */
export function checkSuitable(attributes: Attributes): DicomFacts {
  const modality = MODALITIES.find((accepted) => accepted === attributes.modality);
  if (modality === undefined)
    throw unsupported('Expected a radiograph (modality CR or DX), got a file of another modality');
  const bodyParts = words(attributes.bodyPart);
  const isChest = bodyParts.includes('CHEST') || bodyParts.includes('THORAX');
  if (bodyParts.length > 0 && !isChest)
    throw unsupported('Expected a radiograph of the chest, got one of another body part');
  const views = words(attributes.viewPosition);
  const viewPosition = VIEWS.find((accepted) => views.includes(accepted));
  if (views.length > 0 && viewPosition === undefined)
    throw unsupported('Expected a frontal view (PA or AP), got another one');
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = attributes;
  const bodyPart = isChest ? ('CHEST' as const) : null;
  const uids = { studyInstanceUID, seriesInstanceUID, sopInstanceUID };
  return { modality, bodyPart, viewPosition: viewPosition ?? null, ...uids };
}

const words = (code: string | undefined): readonly string[] => code?.match(/[A-Z]+/g) ?? [];

const unsupported = (message: string) => new RadiographError('UNSUPPORTED_IMAGE', message);
