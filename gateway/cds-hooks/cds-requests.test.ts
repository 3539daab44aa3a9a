import { expect, test } from 'vitest';
import { cardOutcomes, patientOfCall } from './cds-requests.ts';
import { OVERRIDE_REASONS } from './icu-risk-card.ts';

const CALL = {
  hook: 'patient-view',
  hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
  context: { userId: 'Practitioner/example', patientId: '7' },
};
const CARD = '4e0a3a1e-3283-4575-ab82-028d55fe2719';
const ACCEPTED = {
  card: CARD,
  outcome: 'accepted',
  acceptedSuggestions: [{ id: 'e56e1945-20b3-4393-8503-a1a20fd73152' }],
  outcomeTimestamp: '2026-11-01T08:30:00Z',
};
const OVERRIDDEN = { card: CARD, outcome: 'overridden', outcomeTimestamp: '2026-11-01T08:30:00Z' };
const SECRET = 'Jane Doe';

test('a call names its patient; what else comes along is left alone', () => {
  expect(patientOfCall(CALL)).toBe('7');
  const context = { ...CALL.context, encounterId: '456' };
  const more = {
    fhirServer: 'http://10.0.0.1/',
    fhirAuthorization: {},
    prefetch: { patient: null },
    extension: {},
  };
  expect(patientOfCall({ ...CALL, ...more, hook: 'encounter-start', context })).toBe('7');
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'Expected a CDS Hooks request as a JSON object'],
  ['null', null, 'Expected a CDS Hooks request as a JSON object'],
  ['a text', SECRET, 'Expected a CDS Hooks request as a JSON object'],
  ['a list', [CALL], 'Expected a CDS Hooks request as a JSON object'],
  ['another hook', { ...CALL, hook: SECRET }, 'Expected hook to be patient-view or encounter-start'],
  ['no hook', { ...CALL, hook: undefined }, 'Expected hook to be patient-view or encounter-start'],
  ['no hookInstance', { ...CALL, hookInstance: undefined }, 'Expected hookInstance to be a UUID'],
  ['another hookInstance', { ...CALL, hookInstance: SECRET }, 'Expected hookInstance to be a UUID'],
  ['no context', { ...CALL, context: undefined }, 'Expected context to be an object'],
  ['a context that is a list', { ...CALL, context: [] }, 'Expected context to be an object'],
  ['no patient', { ...CALL, context: {} }, 'Expected context.patientId to be a string'],
  ['a number', { ...CALL, context: { patientId: 7 } }, 'Expected context.patientId to be a string'],
  [
    'a reference',
    { ...CALL, context: { patientId: `Patient/${SECRET}` } },
    'Expected context.patientId to be a patient id of 1 to 47 letters, digits, hyphens or full stops',
  ],
])('%s in place of a call is refused, and nothing of it repeated', (_name, body, message) => {
  expect(() => patientOfCall(body)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message }));
});

test('outcomes come with the code of their reason, which is one of ours or other', () => {
  const [reason] = OVERRIDE_REASONS;
  const userComment = SECRET;
  const feedback = [
    ACCEPTED,
    OVERRIDDEN,
    { ...OVERRIDDEN, overrideReason: { reason, userComment } },
    { ...OVERRIDDEN, overrideReason: { reason: { ...reason, system: 'https://ehr.example' } } },
    { ...OVERRIDDEN, overrideReason: { reason: { ...reason, code: SECRET } } },
    { ...OVERRIDDEN, overrideReason: { userComment } },
  ];
  expect(cardOutcomes({ feedback })).toEqual([
    { outcome: 'accepted', reason: 'none' },
    { outcome: 'overridden', reason: 'none' },
    { outcome: 'overridden', reason: 'already-known' },
    { outcome: 'overridden', reason: 'other' },
    { outcome: 'overridden', reason: 'other' },
    { outcome: 'overridden', reason: 'other' },
  ]);
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'Expected an object with the list feedback'],
  ['a list', [ACCEPTED], 'Expected an object with the list feedback'],
  ['no list', { feedback: ACCEPTED }, 'Expected feedback to be a list'],
  ['an empty list', { feedback: [] }, 'Expected at least one entry of feedback'],
  [
    'a long list',
    { feedback: Array.from({ length: 101 }, () => ACCEPTED) },
    'Expected at most 100 entries of feedback',
  ],
  [
    'another outcome',
    { feedback: [{ ...ACCEPTED, outcome: SECRET }] },
    'Expected outcome to be accepted or overridden',
  ],
  ['no card', { feedback: [{ ...ACCEPTED, card: SECRET }] }, 'Expected card to be the UUID of a card'],
  [
    'an acceptance of nothing',
    { feedback: [{ ...ACCEPTED, acceptedSuggestions: undefined }] },
    'Expected acceptedSuggestions to be a list',
  ],
  [
    'an acceptance of an empty list',
    { feedback: [{ ...ACCEPTED, acceptedSuggestions: [] }] },
    'Expected at least one of acceptedSuggestions',
  ],
  [
    'a suggestion without an id',
    { feedback: [{ ...ACCEPTED, acceptedSuggestions: [{}] }] },
    'Expected an id in each of acceptedSuggestions',
  ],
  [
    'a reason without a system',
    { feedback: [{ ...OVERRIDDEN, overrideReason: { reason: { code: SECRET } } }] },
    'Expected a system in overrideReason.reason',
  ],
  [
    'a day in place of a time',
    { feedback: [{ ...OVERRIDDEN, outcomeTimestamp: '2026-11-01' }] },
    'Expected outcomeTimestamp such as 2026-11-01T08:30:00Z',
  ],
  [
    'one that is faulty after one that is not',
    { feedback: [ACCEPTED, { ...OVERRIDDEN, card: undefined }] },
    'Expected card to be the UUID of a card',
  ],
])('%s in place of feedback is refused, and nothing of it repeated', (_name, body, message) => {
  expect(() => cardOutcomes(body)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message }));
});
