import type { Resource } from '@medplum/fhirtypes';
import { expect, test } from 'vitest';
import { issuesOf } from './validation.ts';

const SOUND = {
  resourceType: 'RiskAssessment',
  status: 'final',
  subject: { reference: 'Patient/1' },
  prediction: [{ probabilityDecimal: 73, whenPeriod: { start: '2026-11-01', end: '2026-11-02' } }],
};
const [PREDICTION] = SOUND.prediction;

test('a sound resource has no issue', () => {
  expect(issuesOf(SOUND as Resource)).toEqual([]);
});

test.each<[string, object]>([
  ['no status', { status: undefined }],
  ['an unknown status', { status: 'done' }],
  ['no subject', { subject: undefined }],
  ['an unknown element', { probability: 73 }],
  ['a number as text', { prediction: [{ probabilityDecimal: '73' }] }],
  ['more than 100 percent', { prediction: [{ probabilityDecimal: 730 }] }],
  ['two values of one choice', { prediction: [{ ...PREDICTION, probabilityRange: { low: { value: 1 } } }] }],
  [
    'a period that runs backwards',
    { prediction: [{ whenPeriod: { start: '2026-11-02', end: '2026-11-01' } }] },
  ],
  ['a performer that is not contained', { performer: { reference: '#model' } }],
  ['a list in place of one', { subject: [{ reference: 'Patient/1' }] }],
  ['an impossible date', { occurrenceDateTime: 'yesterday' }],
])('%s is found', (_name, part) => {
  const sent = JSON.parse(JSON.stringify({ ...SOUND, ...part })) as Resource;
  expect(issuesOf(sent)).not.toEqual([]);
});
