import { expect, test } from 'vitest';
import type { PatientRisk } from './patient-risk.ts';
import { assessmentId, patientOfAssessment, riskAssessment } from './risk-assessment.ts';
import { issuesOf } from './testing/validation.ts';

const RISK: PatientRisk = {
  patientId: 'a-7.b',
  probability: 0.73,
  willBeAdmitted: true,
  threshold: 0.4,
  ...{ window: '0-2 h', observedFrom: '2026-11-01T06:00:00.000Z', observedUntil: '2026-11-01T08:00:00.000Z' },
  caution: null,
  assessedAt: '2026-11-01T08:30:00.000Z',
  model: { name: 'icu_admission', version: '3', digest: 'sha256:1f', engine: 'Embedded logistic regression' },
  reasons: [
    { code: 'spo2', display: 'Oxygen saturation', value: 88, unit: '%', contribution: 0.9 },
    { code: 'diabetes', display: 'Diabetes (0 no, 1 yes)', value: 1, unit: '1', contribution: 0.4 },
    { code: 'lactate', display: 'Lactate', value: null, unit: 'mmol/L', contribution: -0.2 },
  ],
};

test('a risk becomes a RiskAssessment with a percentage, a period, its model and its reasons', () => {
  expect(riskAssessment(RISK)).toMatchObject({
    resourceType: 'RiskAssessment',
    status: 'final',
    contained: [
      {
        resourceType: 'Device',
        id: 'model',
        deviceName: [{ name: 'icu_admission', type: 'model-name' }],
        version: [{ value: '3' }, { value: 'sha256:1f' }],
      },
    ],
    method: { text: 'Embedded logistic regression, icu_admission version 3' },
    subject: { reference: 'Patient/a-7.b' },
    occurrenceDateTime: '2026-11-01T08:30:00.000Z',
    performer: { reference: '#model' },
    basis: [{ display: 'Oxygen saturation 88 %' }, { display: 'Diabetes: yes' }],
    prediction: [
      {
        probabilityDecimal: 73,
        qualitativeRisk: { coding: [{ code: 'high' }] },
        whenPeriod: { start: '2026-11-01T08:30:00.000Z' },
        rationale:
          "The ICU admission risk is 73 %, at or above the model's threshold of 40 %. It was computed from " +
          'observations of 0-2 h. Oxygen saturation 88 % raises the risk. Diabetes: yes raises the risk. ' +
          'Lactate, not measured, lowers the risk.',
      },
    ],
    note: [{ text: expect.stringContaining('never for clinical use without approval') }],
  });
});

test('that values are not of one stay is told before the reasons, and in a note', () => {
  const caution = 'The oldest value is 331 days older than the newest.';
  const told = riskAssessment({ ...RISK, window: '2025-12-05 to 2026-11-01', caution });
  const said = `It was computed from observations of 2025-12-05 to 2026-11-01. ${caution} Oxygen`;
  expect(told.prediction?.[0]?.rationale).toContain(said);
  expect(told.text?.div).toContain(said);
  expect(told.note?.map(({ text }) => text)).toEqual([
    caution,
    expect.stringContaining('never for clinical use'),
  ]);
});

test('a value without a unit, as an importer has scaled it, stands apart from the words', () => {
  const reasons = [
    { code: 'sirio_dimer_median', display: 'Dimer (scaled)', value: -0.98712, unit: '1', contribution: -0.3 },
    { code: 'sirio_other', display: 'Other disease (0 no, 1 yes)', value: 0, unit: '1', contribution: -0.1 },
  ];
  const { basis, prediction } = riskAssessment({ ...RISK, reasons });
  expect(basis).toEqual([{ display: 'Dimer (scaled): -0.99' }, { display: 'Other disease: no' }]);
  expect(prediction?.[0]?.rationale).toContain(
    'Dimer (scaled): -0.99 lowers the risk. Other disease: no lowers',
  );
});

test.each<[string, Partial<PatientRisk>]>([
  ['with reasons', {}],
  ['without reasons', { reasons: [] }],
  ['with nothing measured', { reasons: RISK.reasons.map((reason) => ({ ...reason, value: null })) }],
  ['without a window', { window: null }],
  ['of values that are not of one stay', { caution: 'The oldest value is 331 days older.' }],
  ['without a digest', { model: { ...RISK.model, digest: null } }],
  ['that is nil', { probability: 0, willBeAdmitted: false }],
  ['that is certain', { probability: 1 }],
  ['with words that are markup', { model: { ...RISK.model, name: '<b>&"\'' } }],
  ['of a patient with a long id', { patientId: 'x'.repeat(47) }],
])('no validator finds anything at a risk %s', (_name, part) => {
  const assessment = riskAssessment({ ...RISK, ...part });
  expect(issuesOf(assessment)).toEqual([]);
  for (const contained of assessment.contained ?? []) expect(issuesOf(contained)).toEqual([]);
});

test.each([
  [0.1 + 0.2, 30],
  [0.07, 7],
  [0.123456, 12.3456],
  [1, 100],
  [0, 0],
])('a share of %f is %f percent', (probability, percentage) => {
  expect(riskAssessment({ ...RISK, probability }).prediction?.[0]?.probabilityDecimal).toBe(percentage);
});

test.each([
  [0.1, false, 'low'],
  [0.3, true, 'moderate'],
  [0.5, true, 'moderate'],
  [0.51, true, 'high'],
  [0.6, false, 'high'],
])('%f is told as HL7 defines the words', (probability, willBeAdmitted, code) => {
  const [prediction] = riskAssessment({ ...RISK, probability, willBeAdmitted }).prediction ?? [];
  expect(prediction?.qualitativeRisk?.coding?.[0]?.code).toBe(code);
});

test('an id names the patient and the assessment, whenever it was made', () => {
  const id = assessmentId(RISK);
  expect(id).toMatch(/^a-7\.b\.[0-9a-f]{16}$/);
  expect(patientOfAssessment(id)).toBe('a-7.b');
  expect(assessmentId({ ...RISK, assessedAt: '2027-01-01T00:00:00.000Z' })).toBe(id);
  expect(assessmentId({ ...RISK, probability: 0.73 + 1e-12 })).toBe(id);
});

test.each<[string, Partial<PatientRisk>]>([
  ['patient', { patientId: '8' }],
  ['probability', { probability: 0.74 }],
  ['model version', { model: { ...RISK.model, version: '4' } }],
  ['digest', { model: { ...RISK.model, digest: null } }],
  ['window', { window: null }],
  ['value', { reasons: RISK.reasons.map((reason) => ({ ...reason, value: 1 })) }],
])('another %s is another assessment', (_name, part) => {
  expect(assessmentId({ ...RISK, ...part })).not.toBe(assessmentId(RISK));
});

test.each([
  '',
  '7',
  'a-7.b',
  '7.1234567890abcde',
  '7.1234567890ABCDEF',
  `${'x'.repeat(48)}.1234567890abcdef`,
])('%s names no assessment', (id) => {
  expect(patientOfAssessment(id)).toBeUndefined();
});
