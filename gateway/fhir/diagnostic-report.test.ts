import { expect, test } from 'vitest';
import type { ClassifiedRadiograph } from './classified-radiograph.ts';
import {
  diagnosticReport,
  findingObservation,
  isRadiographId,
  observationId,
  radiographOfObservation,
} from './diagnostic-report.ts';
import { issuesOf } from './testing/validation.ts';

const ADDRESS = 'https://radiograph.example';
const HEATMAP = { url: '/files/abc.def', mediaType: 'image/jpeg', bytes: 1234 };
const RESULT: ClassifiedRadiograph = {
  id: '01234567-89ab-4cde-8f01-23456789abcd',
  createdAt: '2026-11-01T08:30:00.000Z',
  patientId: '7',
  findings: [
    { code: 'COVID19', display: 'COVID-19', probability: 0.873 },
    { code: 'NORMAL', display: 'Normal', probability: 0.1 },
    { code: 'PNEUMONIA_BACTERIAL', display: 'Bacterial pneumonia', probability: 0.027 },
  ],
  decision: 'POSITIVE',
  indeterminateReason: null,
  threshold: 0.5,
  model: { name: 'covid19', version: '1', digest: 'sha256:1f', engine: 'Embedded model server' },
};
const observations = (result: ClassifiedRadiograph) =>
  result.findings.map((finding) => findingObservation(result, observationId(result.id, finding)));

test('a result becomes a preliminary report of radiology with a conclusion, its observations and the heatmap', () => {
  expect(diagnosticReport(RESULT, HEATMAP, ADDRESS)).toMatchObject({
    ...{ resourceType: 'DiagnosticReport', id: RESULT.id, status: 'preliminary' },
    category: [{ coding: [{ code: 'RAD' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '36554-4' }] },
    subject: { reference: 'Patient/7' },
    effectiveDateTime: RESULT.createdAt,
    result: RESULT.findings.map((finding) => ({
      reference: `Observation/${observationId(RESULT.id, finding)}`,
    })),
    conclusion:
      'Most probable finding: COVID-19 with 87.3 %, which reaches its threshold (50 %). Computed by a demonstration model ' +
      'that is not approved as a medical device: never for clinical use without approval.',
    presentedForm: [
      { url: 'https://radiograph.example/files/abc.def', contentType: 'image/jpeg', size: 1234 },
    ],
  });
  expect(diagnosticReport(RESULT, HEATMAP, ADDRESS)).not.toHaveProperty('performer');
});

test('a finding becomes an observation in percent, whose device is the model', () => {
  const [first] = observations(RESULT);
  expect(first).toMatchObject({
    ...{ resourceType: 'Observation', status: 'preliminary', device: { reference: '#model' } },
    contained: [{ resourceType: 'Device', id: 'model', version: [{ value: '1' }, { value: 'sha256:1f' }] }],
    category: [{ coding: [{ code: 'imaging' }] }],
    code: { coding: [{ system: 'http://snomed.info/sct', code: '840539006' }, { code: 'COVID19' }] },
    valueQuantity: { value: 87.3, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
    note: [{ text: expect.stringContaining('never for clinical use') }],
  });
});

const UNLIKE: Partial<ClassifiedRadiograph> = {
  decision: 'INDETERMINATE',
  indeterminateReason: 'OUT_OF_DISTRIBUTION',
};
const UNSURE: Partial<ClassifiedRadiograph> = {
  ...{ decision: 'INDETERMINATE', indeterminateReason: 'BELOW_THRESHOLD', threshold: 0.9 },
};

test('of an image unlike others no number is given, and that nothing is decided comes first', () => {
  const result = { ...RESULT, ...UNLIKE };
  const report = diagnosticReport(result, HEATMAP, ADDRESS);
  expect(report.conclusion).toMatch(
    /^Nothing is decided: the image is unlike those that the model learned from/,
  );
  expect(report.text?.div).toContain('<p>Nothing is decided:');
  expect(report.result?.map(({ display }) => display)).toContain('COVID-19: no value');
  for (const observation of observations(result)) {
    expect(observation).not.toHaveProperty('valueQuantity');
    expect(observation).toMatchObject({
      text: { div: expect.stringMatching(/^<div[^>]*><p>Nothing is decided: the image is unlike/) },
      dataAbsentReason: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
            code: 'not-applicable',
          },
        ],
        text: expect.stringContaining('its numbers mean nothing here'),
      },
      note: [{ text: expect.stringMatching(/^Nothing is decided/) }, { text: expect.any(String) }],
    });
  }
  expect(JSON.stringify([report, observations(result)])).not.toMatch(/\d %/);
});

test('where no finding reaches its threshold that comes before the numbers', () => {
  const result = { ...RESULT, ...UNSURE };
  const said =
    'Nothing is decided: the most probable finding, COVID-19 with 87.3 %, is below its threshold (90 %).';
  expect(diagnosticReport(result, HEATMAP, ADDRESS).conclusion).toContain(`${said} Computed by`);
  expect(observations(result)[0]).toMatchObject({
    text: { div: expect.stringContaining(`<p>${said}</p><p>COVID-19: 87.3 %`) },
    valueQuantity: { value: 87.3 },
    note: [{ text: said }, { text: expect.stringContaining('never for clinical use') }],
  });
  expect(JSON.stringify(observations(RESULT))).not.toContain('Nothing is decided');
});

test.each<[string, Partial<ClassifiedRadiograph>]>([
  ['of a disease', {}],
  ['of nobody', { patientId: null }],
  ['of a patient whose id is none of FHIR', { patientId: 'a_b/c?"<' }],
  ['of a model without a digest', { model: { ...RESULT.model, digest: null } }],
  ['of no disease', { decision: 'NEGATIVE' }],
  ['unlike others', UNLIKE],
  ['below the threshold', UNSURE],
  [
    'with a label of another model',
    { findings: [{ code: 'A "label" & <more>', display: '<b>&', probability: 1 }] },
  ],
  ['that is nil', { findings: RESULT.findings.map((finding) => ({ ...finding, probability: 0 })) }],
])('no validator finds anything at a result %s', (_name, part) => {
  const result = { ...RESULT, ...part };
  for (const heatmap of [HEATMAP, undefined])
    expect(issuesOf(diagnosticReport(result, heatmap, ADDRESS))).toEqual([]);
  for (const observation of observations(result)) {
    if (!observation) throw new Error('Expected an observation');
    expect(issuesOf(observation)).toEqual([]);
    for (const contained of observation.contained ?? []) expect(issuesOf(contained)).toEqual([]);
  }
});

test('the validators see what is wrong with a report and an observation', () => {
  const report = diagnosticReport(RESULT, HEATMAP, ADDRESS);
  const [observation] = observations(RESULT);
  const [unlike] = observations({ ...RESULT, ...UNLIKE });
  const absent = unlike?.dataAbsentReason;
  for (const wrong of [
    { ...report, status: 'draft' },
    { ...report, category: [{ coding: [{ ...report.category?.[0]?.coding?.[0], code: 'XX' }] }] },
    { ...report, code: { coding: [{ system: 'http://loinc.org', code: '36545-4' }] } },
    { ...report, code: undefined },
    { ...report, device: { reference: 'Device/1' } },
    { ...observation, status: undefined },
    { ...observation, valueString: 'x' },
    { ...observation, device: { reference: '#other' } },
    { ...observation, valueQuantity: { value: '87' } },
    { ...unlike, dataAbsentReason: { coding: [{ ...absent?.coding?.[0], code: 'meaningless' }] } },
    { ...observation, dataAbsentReason: absent },
  ])
    expect(issuesOf(JSON.parse(JSON.stringify(wrong)))).not.toEqual([]);
});

test('the id of an observation names the radiograph and the finding', () => {
  const ids = RESULT.findings.map((finding) => observationId(RESULT.id, finding));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) {
    expect(id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
    expect(radiographOfObservation(id)).toBe(RESULT.id);
  }
  expect(findingObservation(RESULT, `${RESULT.id}.0123456789abcdef`)).toBeUndefined();
});

test.each(['', '7', RESULT.id, `${RESULT.id}.1`, `${'x'.repeat(36)}.0123456789abcdef`])(
  '%s names no observation',
  (id) => {
    expect(radiographOfObservation(id)).toBeUndefined();
  },
);

test('the id of a radiograph is a UUID', () => {
  expect(isRadiographId(RESULT.id)).toBe(true);
  for (const id of ['', '1', RESULT.id.toUpperCase(), `${RESULT.id}0`])
    expect(isRadiographId(id)).toBe(false);
});
