import { expect, test } from 'vitest';
import { acceptsFhirJson } from './fhir-json.ts';

const accepts = (accept: string | undefined, query: object = {}) =>
  acceptsFhirJson({ headers: { accept }, query });

test.each([
  undefined,
  '*/*',
  'application/*',
  'application/fhir+json',
  'Application/FHIR+JSON; charset=utf-8',
  'application/fhir+json;fhirVersion=4.0',
  'application/fhir+json; fhirVersion="4.0.1"',
  'application/json',
  'text/html, application/xhtml+xml, */*;q=0.8',
  'application/fhir+xml, application/fhir+json;q=0.1',
])('accept: %s is met', (accept) => {
  expect(accepts(accept)).toBe(true);
});

test.each([
  '',
  'application/fhir+xml',
  'text/html',
  'text/*',
  'application/fhir+json;q=0',
  'application/fhir+json; fhirVersion=3.0',
  'application/fhir+json; fhirVersion=5.0',
  'application/fhir+ndjson',
  'junk',
])('accept: %s is not', (accept) => {
  expect(accepts(accept)).toBe(false);
});

test('_format counts before the header, with the plus sign that an address turns into a space', () => {
  for (const _format of ['json', 'application/json', 'application/fhir+json', 'application/fhir json'])
    expect(accepts('application/fhir+xml', { _format }), _format).toBe(true);
  for (const _format of ['xml', 'application/fhir+xml', '', ['json', 'json'], '*/*'])
    expect(accepts('application/fhir+json', { _format }), String(_format)).toBe(false);
});
