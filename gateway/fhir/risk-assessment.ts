import { createHash } from 'node:crypto';
import type { CodeableConcept, RiskAssessment } from '@medplum/fhirtypes';
import { MODEL, modelDevice } from './model-device.ts';
import { narrative } from './narrative.ts';
import type { PatientRisk } from './patient-risk.ts';
import { measurement, NOT_FOR_CLINICAL_USE, reasonInWords, verdict } from './risk-words.ts';

/** A patient's id, and what was assessed. */
const ASSESSMENT_ID = /^([A-Za-z0-9.-]{1,47})\.([0-9a-f]{16})$/;

/** The logical id of an assessment: the patient's id and a digest of what was assessed, by which model, with which
 *  result. Equal assessments have equal ids, whenever they are made, and any other has another. */
export function assessmentId(risk: PatientRisk): string {
  const { model, threshold, window, probability, reasons } = risk;
  const content = [
    ...[model.name, model.version, model.digest, model.engine, threshold, window, rounded(probability)],
    reasons.map(({ code, value, contribution }) => [code, value, rounded(contribution)]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `${risk.patientId}.${digest.slice(0, 16)}`;
}

/** @returns the patient whom the id of an assessment names */
export function patientOfAssessment(id: string): string | undefined {
  return ASSESSMENT_ID.exec(id)?.[1];
}

/** The risk as a FHIR R4 RiskAssessment; its performer is the model, a contained Device. */
export function riskAssessment(risk: PatientRisk): RiskAssessment {
  const { patientId, model, probability, assessedAt, window, caution, reasons } = risk;
  const rationale = [
    `The ICU admission risk is ${verdict(risk)}.`,
    window && `It was computed from observations of ${window}.`,
    caution,
    ...reasons.map((reason) => `${reasonInWords(reason)}.`),
  ];
  const measured = reasons.flatMap((reason) => measurement(reason) ?? []);
  const sentences = rationale.filter(Boolean).join(' ');
  return {
    resourceType: 'RiskAssessment',
    id: assessmentId(risk),
    text: narrative(sentences, NOT_FOR_CLINICAL_USE),
    contained: [modelDevice(model)],
    status: 'final',
    method: { text: `${model.engine}, ${model.name} version ${model.version}` },
    code: { text: 'Risk of an admission to the intensive care unit' },
    subject: { reference: `Patient/${patientId}` },
    occurrenceDateTime: assessedAt,
    performer: { reference: `#${MODEL}`, display: `${model.name} version ${model.version}` },
    ...(measured.length > 0 && { basis: measured.map((display) => ({ display })) }),
    prediction: [
      {
        outcome: {
          // SNOMED CT.
          coding: [
            {
              system: 'http://snomed.info/sct',
              code: '305351004',
              display: 'Admission to intensive care unit',
            },
          ],
          text: 'Admission to the intensive care unit',
        },
        // A percentage in R4 (invariant ras-2), for which the graph has a share.
        probabilityDecimal: rounded(probability * 100, 1e4),
        qualitativeRisk: likelihood(risk),
        // The model says whether the patient will be admitted, not by when: from the assessment on, without an end.
        whenPeriod: { start: assessedAt },
        rationale: sentences,
      },
    ],
    note: [...(caution ? [caution] : []), NOT_FOR_CLINICAL_USE].map((text) => ({ text })),
  };
}

/** By the definitions of HL7's code system: `high` is "more likely to occur than not", which a model with a low threshold
 *  does not say of everybody whom it expects to be admitted. */
function likelihood({ probability, willBeAdmitted }: PatientRisk): CodeableConcept {
  const code = probability > 0.5 ? 'high' : willBeAdmitted ? 'moderate' : 'low';
  const display = { high: 'High likelihood', moderate: 'Moderate likelihood', low: 'Low likelihood' }[code];
  return {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/risk-probability', code, display }],
  };
}

/** Keeps what two computations of the same may differ by out of ids and answers. */
function rounded(value: number, steps = 1e6): number {
  return Math.round(value * steps) / steps;
}
