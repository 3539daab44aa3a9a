import { findingCode } from '#common/finding-codes.ts';
import { decide, rankedFindings, type StoredClassification } from '../domain/classification.ts';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import { derivedUid } from '../domain/dicom-uid.ts';
import type { DicomJson } from './dicom-json.ts';
import {
  type Attributes,
  code,
  dateAndTime,
  MANUFACTURER,
  reference,
  type SopReference,
  writeDicom,
} from './dicom-object.ts';
import { percentOf, resultSummary } from './result-summary.ts';

/** Comprehensive 3D SR Storage. */
export const REPORT_CLASS = '1.2.840.10008.5.1.4.1.1.88.34';

export type ReportOrder = {
  readonly classification: StoredClassification;
  /** When the radiograph was accepted, in ms since 1970: the report says nothing that is newer. */
  readonly at: number;
  readonly facts: DicomFacts;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** The image that was classified. */
  readonly image: SopReference & { readonly studyInstanceUID: string; readonly seriesInstanceUID: string };
  /** Its attributes, of which patient and study are copied. */
  readonly source: DicomJson;
};

type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS ACQ CONTEXT' | 'INFERRED FROM';
type Name = ReturnType<typeof code>;

const LABEL_SCHEME = '99RADIOGRAPH';
const MODALITIES = { CR: 'Computed Radiography', DX: 'Digital Radiography' };

/** Writes what the model says of an image as a measurement report (TID 1500): each finding with its certainty in percent,
 *  which is no value where it would mean nothing, and the model that it comes from (TID 4019). Nobody has verified it, and it says so. */
export function structuredReport(order: ReportOrder): Promise<Buffer> {
  const { classification, at, seriesInstanceUID, sopInstanceUID, image, source } = order;
  const { model } = classification;
  const { date, time } = dateAndTime(at, source);
  return writeDicom(
    {
      SOPClassUID: REPORT_CLASS,
      SOPInstanceUID: sopInstanceUID,
      Modality: 'SR',
      SeriesInstanceUID: seriesInstanceUID,
      SeriesNumber: 9701,
      SeriesDescription: 'AI result, not for clinical use',
      Manufacturer: MANUFACTURER,
      ManufacturerModelName: model.name,
      DeviceSerialNumber: model.digest?.slice(0, 64) ?? model.name,
      SoftwareVersions: model.version,
      InstanceNumber: 1,
      ContentDate: date,
      ContentTime: time,
      ReferencedPerformedProcedureStepSequence: [],
      PerformedProcedureCodeSequence: [],
      CompletionFlag: 'COMPLETE',
      VerificationFlag: 'UNVERIFIED',
      PreliminaryFlag: 'PRELIMINARY',
      CurrentRequestedProcedureEvidenceSequence: [
        {
          StudyInstanceUID: image.studyInstanceUID,
          ReferencedSeriesSequence: [
            { SeriesInstanceUID: image.seriesInstanceUID, ReferencedSOPSequence: [reference(image)] },
          ],
        },
      ],
      ...root(order),
    },
    source,
  );
}

function root({ classification, facts, image }: ReportOrder): Attributes {
  return {
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: code('DCM', '126000', 'Imaging Measurement Report'),
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }],
    ContentSequence: [
      codeItem('HAS CONCEPT MOD', LANGUAGE, code('RFC5646', 'en', 'English')),
      ...observer(classification),
      codeItem(
        'HAS CONCEPT MOD',
        code('DCM', '121058', 'Procedure reported'),
        code('SCT', '399208008', 'Plain X-ray of chest'),
      ),
      container(code('DCM', '111028', 'Image Library'), [
        container(code('DCM', '126200', 'Image Library Group'), [
          imageItem('CONTAINS', image, undefined, [
            codeItem(
              'HAS ACQ CONTEXT',
              code('DCM', '121139', 'Modality'),
              code('DCM', facts.modality, MODALITIES[facts.modality]),
            ),
          ]),
        ]),
      ]),
      container(code('DCM', '126010', 'Imaging Measurements'), measurements(classification, image)),
      textItem('CONTAINS', code('DCM', '121106', 'Comment'), resultSummary(classification)),
    ],
  };
}

const LANGUAGE = code('DCM', '121049', 'Language of Content Item and Descendants');

/** The model is the observer (TID 1002, 1004). */
function observer({ model }: StoredClassification): Attributes[] {
  const device = derivedUid('device', model.name, model.version, model.digest ?? '');
  return [
    codeItem('HAS OBS CONTEXT', code('DCM', '121005', 'Observer Type'), code('DCM', '121007', 'Device')),
    uidItem('HAS OBS CONTEXT', code('DCM', '121012', 'Device Observer UID'), device),
    textItem('HAS OBS CONTEXT', code('DCM', '121013', 'Device Observer Name'), MANUFACTURER),
    textItem('HAS OBS CONTEXT', code('DCM', '121015', 'Device Observer Model Name'), model.name),
  ];
}

/** A group for each finding, the most probable one first (TID 1501, TID 300). */
function measurements(classification: StoredClassification, image: SopReference): Attributes[] {
  const { model, radiographId } = classification;
  const isMeaningless = decide(classification).indeterminateReason === 'OUT_OF_DISTRIBUTION';
  return rankedFindings(classification).map((finding) => {
    const known = findingCode(finding.code);
    const value = known
      ? code('SCT', known.code, known.display)
      : code(LABEL_SCHEME, finding.code, finding.display);
    const tracked = derivedUid('finding', radiographId, model.digest ?? '', finding.code);
    return container(code('DCM', '125007', 'Measurement Group'), [
      textItem('HAS OBS CONTEXT', code('DCM', '112039', 'Tracking Identifier'), finding.code),
      uidItem('HAS OBS CONTEXT', code('DCM', '112040', 'Tracking Unique Identifier'), tracked),
      codeItem('CONTAINS', code('DCM', '121071', 'Finding'), value),
      {
        ...item('CONTAINS', 'NUM', code('DCM', '111012', 'Certainty of Finding')),
        ...(isMeaningless ? NO_VALUE : measuredValue(finding.probability)),
        ContentSequence: [
          textItem('HAS CONCEPT MOD', code('DCM', '111001', 'Algorithm Name'), model.name),
          textItem('HAS CONCEPT MOD', code('DCM', '111003', 'Algorithm Version'), model.version),
          imageItem('INFERRED FROM', image, code('DCM', '121112', 'Source of Measurement')),
        ],
      },
    ]);
  });
}

function measuredValue(probability: number): Attributes {
  const unit = code('UCUM', '%', 'Percent');
  const value = { MeasurementUnitsCodeSequence: unit, NumericValue: String(percentOf(probability)) };
  return { MeasuredValueSequence: [value] };
}

/** Of an image unlike those that the model learned from; the qualifier says why the value is not there (CID 42). */
const NO_VALUE: Attributes = {
  MeasuredValueSequence: [],
  NumericValueQualifierCodeSequence: code('DCM', '114011', 'Value indeterminate'),
};

function item(relationship: Relationship, type: string, name: Name | undefined): Attributes {
  return {
    RelationshipType: relationship,
    ValueType: type,
    ...(name && { ConceptNameCodeSequence: name }),
  };
}

const container = (name: Name, content: readonly Attributes[]): Attributes => ({
  ...item('CONTAINS', 'CONTAINER', name),
  ContinuityOfContent: 'SEPARATE',
  ContentSequence: content,
});
const codeItem = (relationship: Relationship, name: Name, value: Name): Attributes => ({
  ...item(relationship, 'CODE', name),
  ConceptCodeSequence: value,
});
const textItem = (relationship: Relationship, name: Name, text: string): Attributes => ({
  ...item(relationship, 'TEXT', name),
  TextValue: text,
});
const uidItem = (relationship: Relationship, name: Name, uid: string): Attributes => ({
  ...item(relationship, 'UIDREF', name),
  UID: uid,
});
const imageItem = (
  relationship: Relationship,
  image: SopReference,
  name?: Name,
  content: readonly Attributes[] = [],
): Attributes => ({
  ...item(relationship, 'IMAGE', name),
  ReferencedSOPSequence: [reference(image)],
  ...(content.length > 0 && { ContentSequence: content }),
});
