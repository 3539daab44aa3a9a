import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { accessFault, accessRules } from './access.ts';
import type { Caller } from './caller.ts';

const SDL = `
  directive @access(scope: String!) on FIELD_DEFINITION
  type Query { patient(id: ID!): Patient @access(scope: "patient:read") radiograph: Radiograph search: Found
    me: String }
  type Patient { id: ID! risk: Float @access(scope: "risk:read") }
  type Radiograph { id: ID! patient: Patient @access(scope: "patient:read") }
  union Found = Patient | Radiograph`;
const schema = buildSchema(SDL);
const rules = accessRules(SDL);
const holder = (...scopes: string[]): Caller => ({ subject: 's', scopes: new Set(scopes), until: 0 });
const fault = (query: string, caller: Caller, operation?: string) =>
  accessFault(rules, schema, parse(query), operation, caller)?.message;

test('the rules are those that the SDL gives', () => {
  expect([...rules]).toEqual([
    ['Query.patient', 'patient:read'],
    ['Patient.risk', 'risk:read'],
    ['Radiograph.patient', 'patient:read'],
  ]);
});

test('a field without its scope is refused by name, with FORBIDDEN', () => {
  const document = parse('{ patient(id: "1") { id } }');
  const refusal = accessFault(rules, schema, document, undefined, holder('risk:read'));
  expect(refusal?.message).toBe('Query.patient needs the scope patient:read');
  expect(refusal?.extensions.code).toBe('FORBIDDEN');
});

test('fields that ask for nothing are open, and the scopes of others are enough', () => {
  expect(fault('{ me radiograph { id } }', holder())).toBeUndefined();
  expect(fault('{ patient(id: "1") { id risk } }', holder('patient:read', 'risk:read'))).toBeUndefined();
  expect(fault('{ patient(id: "1") { id risk } }', { ...holder(), scopes: 'all' })).toBeUndefined();
});

test.each([
  ['an alias', '{ me: patient(id: "1") { id } }'],
  ['a nested field', '{ radiograph { patient { id } } }'],
  ['an inline fragment', '{ ... { ... on Query { patient(id: "1") { id } } } }'],
  ['a named fragment', '{ ...F } fragment F on Query { patient(id: "1") { id } }'],
  ['a member of a union', '{ search { ... on Radiograph { patient { id } } } }'],
  [
    'a fragment of a fragment',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { patient(id: "1") { id } }',
  ],
])('it cannot be hidden in %s', (_name, query) => {
  expect(fault(query, holder('risk:read'))).toContain('needs the scope patient:read');
});

test('only the operation that runs counts', () => {
  const both = 'query Open { me } query Closed { patient(id: "1") { id } }';
  expect(fault(both, holder(), 'Open')).toBeUndefined();
  expect(fault(both, holder(), 'Closed')).toContain('patient:read');
});
