import sharp from 'sharp';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import { withBanner } from './banner.ts';
import { type DicomJson, firstValue } from './dicom-json.ts';
import {
  code,
  dateAndTime,
  MANUFACTURER,
  NOT_FOR_CLINICAL_USE,
  reference,
  type SopReference,
  writeDicom,
} from './dicom-object.ts';

/** Secondary Capture Image Storage. */
export const CAPTURE_CLASS = '1.2.840.10008.5.1.4.1.1.7';

export type CaptureOrder = {
  /** The heatmap as a JPEG file. */
  readonly picture: Buffer;
  /** Written below it, beside "not for clinical use". */
  readonly caption: string;
  readonly model: { readonly name: string; readonly version: string };
  /** When the radiograph was accepted, in ms since 1970. */
  readonly at: number;
  readonly facts: DicomFacts;
  readonly instanceNumber: number;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** The image that it is drawn over. */
  readonly image: SopReference;
  /** Its attributes, of which patient and study are copied. */
  readonly source: DicomJson;
};

/** Writes a heatmap as a colour picture that any viewer shows. What it is stands in its pixels too. */
export async function secondaryCapture(order: CaptureOrder): Promise<Buffer> {
  const { picture, caption, model, at, facts, source, image } = order;
  const { data, info } = await sharp(picture)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const drawn = { rgb: data, width: info.width, height: info.height };
  const { rgb, width, height } = withBanner(drawn, ['NOT FOR CLINICAL USE', caption]);
  const { date, time } = dateAndTime(at, source);
  const orientation = source['00200020']?.Value ?? [];
  return writeDicom(
    {
      SOPClassUID: CAPTURE_CLASS,
      SOPInstanceUID: order.sopInstanceUID,
      // Not that of the source: it is no radiograph, and nobody shall take it for one.
      Modality: 'OT',
      ConversionType: 'WSD',
      SeriesInstanceUID: order.seriesInstanceUID,
      SeriesNumber: 9702,
      SeriesDescription: 'AI heatmap, not for clinical use',
      InstanceNumber: order.instanceNumber,
      ...(facts.bodyPart && { BodyPartExamined: facts.bodyPart }),
      Manufacturer: MANUFACTURER,
      ManufacturerModelName: model.name,
      SoftwareVersions: model.version,
      SecondaryCaptureDeviceManufacturer: MANUFACTURER,
      SecondaryCaptureDeviceManufacturerModelName: model.name,
      SecondaryCaptureDeviceSoftwareVersions: model.version,
      ImageType: ['DERIVED', 'SECONDARY'],
      ContentDate: date,
      ContentTime: time,
      PatientOrientation: orientation.length === 2 ? orientation : '',
      ImageComments: NOT_FOR_CLINICAL_USE,
      DerivationDescription: caption,
      SourceImageSequence: [
        {
          ...reference(image),
          PurposeOfReferenceCodeSequence: code(
            'DCM',
            '121322',
            'Source image for image processing operation',
          ),
        },
      ],
      // It was drawn as a JPEG; what that lost does not come back.
      LossyImageCompression: '01',
      LossyImageCompressionRatio: String(Math.round(data.length / picture.length)),
      LossyImageCompressionMethod: 'ISO_10918_1',
      ...burnedIn(source),
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: height,
      Columns: width,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
    },
    source,
    rgb,
  );
}

/** Whether the pixels tell who the patient is, as far as the source says so of its own. */
function burnedIn(source: DicomJson): { BurnedInAnnotation?: 'YES' | 'NO' } {
  const said = firstValue(source, '00280301');
  return said === 'YES' || said === 'NO' ? { BurnedInAnnotation: said } : {};
}
