import { createHash } from 'node:crypto';
import type { Coding, DiagnosticReport, Observation, Quantity, Reference } from '@medplum/fhirtypes';
import { findingCode } from '#common/finding-codes.ts';
import type { ClassifiedRadiograph, HeatmapFile, RadiographFinding } from './classified-radiograph.ts';
import { MODEL, modelDevice } from './model-device.ts';
import { narrative } from './narrative.ts';
import { isMeaningless, resultConclusion, undecided } from './result-words.ts';
import { NOT_FOR_CLINICAL_USE, percent } from './risk-words.ts';

/** Ids of radiographs are UUIDs. */
const RADIOGRAPH_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OBSERVATION_ID = /^(.{36})\.[0-9a-f]{16}$/;
const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;
const LOINC = 'http://loinc.org';
const SNOMED = 'http://snomed.info/sct';
const CATEGORIES = 'http://terminology.hl7.org/CodeSystem/observation-category';
const ABSENT_REASONS = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
/** Of the labels of models. */
const LABELS = 'https://radiograph.example/finding';

export function isRadiographId(id: string): boolean {
  return RADIOGRAPH_ID.test(id);
}

/** @returns the radiograph that the id of an observation names */
export function radiographOfObservation(id: string): string | undefined {
  const [, radiograph = ''] = OBSERVATION_ID.exec(id) ?? [];
  return isRadiographId(radiograph) ? radiograph : undefined;
}

/** The radiograph's id and a digest of the label, which may hold what no FHIR id can. */
export function observationId(radiographId: string, { code }: RadiographFinding): string {
  return `${radiographId}.${createHash('sha256').update(code).digest('hex').slice(0, 16)}`;
}

/** What a model says of a radiograph as a FHIR R4 DiagnosticReport: preliminary, since nobody has verified it.
 *  @param address of this gateway, in front of the link to the picture */
export function diagnosticReport(
  result: ClassifiedRadiograph,
  heatmap: HeatmapFile | undefined,
  address: string,
): DiagnosticReport {
  const { id, createdAt, findings, model } = result;
  const said = resultConclusion(result);
  return {
    resourceType: 'DiagnosticReport',
    id,
    text: narrative(said, NOT_FOR_CLINICAL_USE),
    status: 'preliminary',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'RAD', display: 'Radiology' },
        ],
      },
    ],
    code: {
      coding: [{ system: LOINC, code: '36554-4', display: 'XR Chest Single view' }],
      text: `Chest radiograph, read by ${model.name} version ${model.version}`,
    },
    ...subject(result),
    // When the picture was taken is nowhere kept.
    effectiveDateTime: createdAt,
    issued: createdAt,
    result: findings.map((finding) => ({
      reference: `Observation/${observationId(id, finding)}`,
      display: `${finding.display}: ${isMeaningless(result) ? 'no value' : percent(finding.probability)}`,
    })),
    conclusion: `${said} ${NOT_FOR_CLINICAL_USE}`,
    ...(heatmap && {
      presentedForm: [
        {
          contentType: heatmap.mediaType,
          url: `${address}${heatmap.url}`,
          size: heatmap.bytes,
          title: 'Heatmap of what moved the model; the link is good for 15 minutes at least',
        },
      ],
    }),
  };
}

/** How probable a finding is by the model, in percent; the model is a contained Device. Of an image unlike those that
 *  the model learned from it has no value, since whoever reads one takes it for a probability.
 *  @returns undefined when the result has no such observation */
export function findingObservation(result: ClassifiedRadiograph, id: string): Observation | undefined {
  const finding = result.findings.find((one) => observationId(result.id, one) === id);
  if (!finding) return undefined;
  const { model, createdAt } = result;
  const known = findingCode(finding.code);
  const coding: Coding[] = [
    ...(known ? [{ system: SNOMED, ...known }] : []),
    { system: LABELS, code: finding.code, display: finding.display },
  ];
  const value = isMeaningless(result) ? 'no value' : percent(finding.probability);
  const said = `${finding.display}: ${value} by ${model.name} version ${model.version}.`;
  const reason = undecided(result);
  const reasons = reason === undefined ? [] : [reason];
  return {
    resourceType: 'Observation',
    id,
    text: narrative(...reasons, said, NOT_FOR_CLINICAL_USE),
    contained: [modelDevice(model)],
    status: 'preliminary',
    category: [{ coding: [{ system: CATEGORIES, code: 'imaging', display: 'Imaging' }] }],
    code: { coding, text: `Probability of: ${finding.display}` },
    ...subject(result),
    effectiveDateTime: createdAt,
    issued: createdAt,
    ...(isMeaningless(result) ? noValue(reason) : { valueQuantity: inPercent(finding) }),
    method: { text: `${model.engine}, ${model.name} version ${model.version}` },
    device: { reference: `#${MODEL}`, display: `${model.name} version ${model.version}` },
    note: [...reasons, NOT_FOR_CLINICAL_USE].map((text) => ({ text })),
  };
}

function inPercent({ probability }: RadiographFinding): Quantity {
  const value = Math.round(probability * 1e6) / 1e4;
  return { value, unit: '%', system: 'http://unitsofmeasure.org', code: '%' };
}

/** "There is no proper value for this element", as R4 defines the code. */
function noValue(reason = ''): Pick<Observation, 'dataAbsentReason'> {
  const coding = { system: ABSENT_REASONS, code: 'not-applicable', display: 'Not Applicable' };
  return { dataAbsentReason: { coding: [coding], text: reason } };
}

/** By reference where the id can be one of FHIR, else by name alone. */
function subject({ patientId }: ClassifiedRadiograph): { subject?: Reference<never> } {
  if (patientId === null) return {};
  return {
    subject: FHIR_ID.test(patientId)
      ? { reference: `Patient/${patientId}` }
      : { type: 'Patient', identifier: { value: patientId } },
  };
}
