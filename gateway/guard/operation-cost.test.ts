import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import { buildSchema, type GraphQLSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { costModel } from './cost-model.ts';
import { operationCost } from './operation-cost.ts';

const SDL = `
directive @cost(weight: String!) on ARGUMENT_DEFINITION | FIELD_DEFINITION | OBJECT
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
type Query {
  page(first: Int = 20): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"])
  either(first: Int, last: Int): [Item] @listSize(slicingArguments: ["first", "last"], assumedSize: 7)
  few: [Item!]! @listSize(assumedSize: 3)
  unknown: [Item]
  search(term: String @cost(weight: "4")): Item
  one: Item
}
type Mutation { change: Item }
type Page { nodes: [Item] total: Int }
type Item { name: String page(first: Int = 20): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"])
  dear: Dear drawn: Item @cost(weight: "5") tags: [String!] }
type Dear @cost(weight: "2.5") { name: String }`;

const schema = buildSchema(SDL);

function cost(
  query: string,
  variables: object = {},
  [model, of] = [costModel(SDL), schema] as const,
): number {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('Expected an operation');
  return operationCost(model, { schema: of, document, operation, variables: { ...variables } });
}

test.each([
  ['leaves cost nothing', '{ __typename }', 0],
  ['an object costs one', '{ one { name } }', 1],
  ['a page holds what it was asked for', '{ page(first: 5) { nodes { name } } }', 1 + 5],
  ['a page without a size has the default', '{ page { nodes { name } } }', 1 + 20],
  ['a page whose list is not read is one object', '{ page(first: 100) { total } }', 1],
  [
    'pages within pages multiply',
    '{ page(first: 10) { nodes { page(first: 10) { nodes { name } } } } }',
    121,
  ],
  ['an assumed size multiplies', '{ few { dear { name } } }', 3 * (1 + 2.5)],
  ['the larger of two arguments counts', '{ either(first: 2, last: 9) { name } }', 9],
  ['without any argument the assumed size counts', '{ either { name } }', 7],
  ['null is no size', '{ either(first: null) { name } }', 7],
  ['a list of unknown size counts as ten', '{ unknown { name } }', 10],
  ['lists of leaves cost nothing', '{ one { tags } }', 1],
  ['weights of fields and arguments count', '{ search(term: "x") { drawn { name } } }', 4 + 1 + 5],
  ['a change costs more than reading', 'mutation { change { name } }', 11],
  ['an alias is asked for once more', '{ a: one { name } b: one { name } }', 2],
  [
    'fragments that overlap are answered once',
    '{ few { dear { name } } ...F } fragment F on Query { few { dear { name } name } }',
    3 * 3.5,
  ],
  ['a negative size does not lower the sum', '{ one { name } page(first: -50) { nodes { name } } }', 2],
])('%s', (_name, query, expected) => {
  expect(cost(query)).toBe(expected);
});

test('sizes in variables count with their values, else with their defaults', () => {
  const query = 'query ($n: Int = 3) { page(first: $n) { nodes { name } } }';
  expect(cost(query, { n: 40 })).toBe(41);
  expect(cost(query)).toBe(4);
  expect(cost('query ($n: Int) { page(first: $n) { nodes { name } } }')).toBe(21);
});

test('the committed supergraph multiplies too: a hundred patients with a hundred radiographs each', () => {
  const sdl = readFileSync(join(import.meta.dirname, '../../schema/supergraph.graphql'), 'utf8');
  const api: GraphQLSchema = Supergraph.build(sdl).apiSchema().toGraphQLJSSchema();
  const query = `query ($first: Int) { patients(first: $first) { nodes { radiographs(first: $first) { edges { node { id } } } } } }`;
  expect(cost(query, { first: 100 }, [costModel(sdl), api])).toBe(1 + 100 * (1 + 1 + 100 * 2));
});
