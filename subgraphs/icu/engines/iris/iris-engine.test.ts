import { describe } from 'vitest';
import { fakePlace } from '../../testing/fake-iris-place.ts';
import { icuAssessmentCases, icuTrainingCases } from '../icu-model-cases.ts';

describe.each([
  ['with positions', {}],
  ['with objects', { api: 5 }],
])('over a fake IRIS that answers %s', (_form, options) => {
  icuAssessmentCases(() => fakePlace(options));
  icuTrainingCases(() => fakePlace(options));
});
