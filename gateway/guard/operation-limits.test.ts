import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { expect, test } from 'vitest';
import { operationLimits } from './operation-limits.ts';

const schema = buildSchema('type Query { self: Query name: String }');

function faults(query: string): string[] {
  return validate(schema, parse(query), [operationLimits]).map(({ message }) => message);
}

const times = (count: number, each: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i));

test.each([
  ['depth', `${'{ self '.repeat(16)} { name ${'} '.repeat(17)}`, 'at most 15 levels of fields, got 17'],
  ['aliases', `{ ${times(51, (i) => `a${i}: name`).join(' ')} }`, 'at most 50 aliases, got 51'],
  ['__typename aliases', `{ ${times(51, (i) => `a${i}: __typename`).join(' ')} }`, '50 aliases, got 51'],
  ['fields', `{ ${times(40, () => `self { ${'name '.repeat(30)} }`).join(' ')} }`, '1000 fields, got 1240'],
  [
    'root fields',
    `{ ${times(31, (i) => `a${i}: name`).join(' ')} }`,
    'at most 30 fields at the root, got 31',
  ],
  ['repeats', `{ ${'name '.repeat(22)} }`, 'at most 20 repetitions of a field, got 21'],
  ['directives', '{ name @a @a @a @a @a }', 'at most 4 directives at one place, got 5'],
  ['directives of an operation', 'query @a @a @a @a @a { name }', '4 directives at one place, got 5'],
])('%s above the limit are refused with the limit and what came', (_name, query, message) => {
  expect(faults(query).join('\n')).toContain(message);
});

test('what is within every limit passes, fragments too', () => {
  const spread = 'fragment Rest on Query { self { name } }';
  expect(faults(`${'{ self '.repeat(12)} { ...Rest ${'} '.repeat(13)} ${spread}`)).toEqual([]);
  expect(faults(`{ ${times(30, (i) => `a${i}: name`).join(' ')} }`)).toEqual([]);
});

test('aliases and depth in fragments count wherever these are spread', () => {
  const aliases = times(11, (i) => `a${i}: name`).join(' ');
  const query = `{ ${times(5, () => 'self { ...Many }').join(' ')} } fragment Many on Query { ${aliases} }`;
  expect(faults(query)).toEqual(['Expected at most 50 aliases, got 55']);
});

test('fragments that spread each other twice, 300 deep, are measured in no time', () => {
  const fragments = times(300, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ');
  const began = performance.now();
  const told = faults(`{ ...F0 } ${fragments} fragment F300 on Query { name }`);
  expect(told).toContain('Expected at most 1000 fields, got far more');
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('a cycle of fragments ends, and is told by the rule of GraphQL', () => {
  const query = '{ ...A } fragment A on Query { self { ...B } } fragment B on Query { self { ...A } }';
  expect(faults(query)).toEqual([]);
  const told = validate(schema, parse(query), [...specifiedRules, operationLimits]);
  expect(told.map(({ message }) => message).join()).toContain('Cannot spread fragment');
});
