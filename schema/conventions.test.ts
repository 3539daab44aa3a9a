import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EnumTypeDefinitionNode,
  type EnumTypeExtensionNode,
  type FieldDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type NameNode,
  type ObjectTypeDefinitionNode,
  parse,
  type StringValueNode,
  type TypeNode,
} from 'graphql';
import { expect, test } from 'vitest';

type Described = { name: NameNode; description?: StringValueNode };
type ObjectType = ObjectTypeDefinitionNode & { subgraph: string };
type Member = { on: ObjectType; field: FieldDefinitionNode };

const documents = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.graphql') && name !== 'supergraph.graphql')
  .map((name) => ({
    subgraph: name.replace('.graphql', ''),
    definitions: parse(readFileSync(join(import.meta.dirname, name), 'utf8')).definitions,
  }));
const definitions = documents.flatMap(({ definitions }) => definitions);
const objects = documents.flatMap(({ subgraph, definitions }) =>
  definitions.flatMap((node): ObjectType[] =>
    node.kind === 'ObjectTypeDefinition' ? [{ ...node, subgraph }] : [],
  ),
);
const inputs = definitions.filter(
  (node): node is InputObjectTypeDefinitionNode => node.kind === 'InputObjectTypeDefinition',
);
const enums = definitions.filter(
  (node): node is EnumTypeDefinitionNode | EnumTypeExtensionNode => node.kind === 'EnumTypeDefinition',
);
const scalars = new Set([
  ...['ID', 'String', 'Int', 'Float', 'Boolean'],
  ...definitions.flatMap((node) => (node.kind === 'ScalarTypeDefinition' ? node.name.value : [])),
  ...enums.map(({ name }) => name.value),
]);
const members = objects.flatMap((on) => (on.fields ?? []).map((field): Member => ({ on, field })));
const ROOTS = ['Query', 'Mutation', 'Subscription'];

const at = ({ on, field }: Member) => `${on.name.value}.${field.name.value}`;
const has = (node: { directives?: readonly { name: NameNode }[] | undefined }, directive: string) =>
  (node.directives ?? []).some(({ name }) => name.value === directive);
const isList = (type: TypeNode): boolean =>
  type.kind === 'ListType' || (type.kind === 'NonNullType' && isList(type.type));
const named = (type: TypeNode): string => (type.kind === 'NamedType' ? type.name.value : named(type.type));
const isRequired = (type: TypeNode) => type.kind === 'NonNullType';
const isEntity = (name: string) => objects.some((type) => type.name.value === name && has(type, 'key'));
const pascal = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
/** What breaks a rule is listed, so that a failure names it. */
const breaking = (list: readonly Member[], rule: (member: Member) => boolean) =>
  list.filter((one) => !rule(one)).map(at);

test('the schema is seen', () => {
  expect(documents.map(({ subgraph }) => subgraph).sort()).toEqual(['heatmap', 'icu', 'imaging']);
  expect(members.length).toBeGreaterThan(90);
});

test('rule 4: every list that can grow is a page or has an upper bound', () => {
  const lists = members.filter(({ field }) => isList(field.type));
  const bounded = ({ on, field }: Member) =>
    on.name.value.endsWith('Connection') || has(field, 'listSize') || scalars.has(named(field.type));
  expect(breaking(lists, bounded)).toEqual([]);
  const pages = members.filter(({ field }) => named(field.type).endsWith('Connection'));
  expect(pages.length).toBeGreaterThan(2);
  const argument = (field: FieldDefinitionNode, name: string) =>
    field.arguments?.find((one) => one.name.value === name);
  expect(
    breaking(pages, ({ field }) =>
      Boolean(argument(field, 'first')?.defaultValue && argument(field, 'after')),
    ),
  ).toEqual([]);
});

test('rule 5: names are written as GraphQL writes them, without get, list or abbreviations', () => {
  const types = definitions.flatMap((node) =>
    node.kind.endsWith('TypeDefinition') && 'name' in node && node.name ? node.name.value : [],
  );
  expect(types.filter((name) => !/^([A-Z][a-z0-9]+)+$/.test(name))).toEqual([]);
  expect(
    breaking(members, ({ field }) => /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)*$/.test(field.name.value)),
  ).toEqual([]);
  expect(breaking(members, ({ field }) => !/^(get|list|fetch)([A-Z]|$)/.test(field.name.value))).toEqual([]);
  expect(
    breaking(
      members,
      ({ field }) =>
        !/(^|[a-z])(img|Img|pat|Pat|prob|Prob|cfg|Cfg|num|Num|msg|Msg)([A-Z]|$)/.test(field.name.value),
    ),
  ).toEqual([]);
  const values = enums.flatMap(({ values }) => (values ?? []).map(({ name }) => name.value));
  expect(values.filter((name) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name))).toEqual([]);
  // Rule 3: a reference is an object.
  expect(breaking(members, ({ field }) => !/[a-z]Ids?$/.test(field.name.value))).toEqual([]);
});

test('rule 7: a mutation takes one input and gives one payload with userErrors and a nullable object', () => {
  const mutations = members.filter(({ on }) => on.name.value === 'Mutation');
  expect(mutations.length).toBeGreaterThan(3);
  const things = ['radiograph', 'job', 'observation', 'icuRisk', 'icuModel', 'patient', 'study'];
  expect(
    breaking(mutations, ({ field }) => things.some((thing) => field.name.value.startsWith(thing))),
  ).toEqual([]);
  for (const { field } of mutations) {
    const name = pascal(field.name.value);
    expect(field.arguments?.map(({ name, type }) => [name.value, isRequired(type), named(type)])).toEqual([
      ['input', true, `${name}Input`],
    ]);
    expect([isRequired(field.type), named(field.type)]).toEqual([true, `${name}Payload`]);
    expect(inputs.map((input) => input.name.value)).toContain(`${name}Input`);
    const payload = members.filter(({ on }) => on.name.value === `${name}Payload`);
    expect(payload.filter(({ field }) => named(field.type) === 'UserError').map(at)).toEqual([
      `${name}Payload.userErrors`,
    ]);
    const acted = payload.filter(({ field }) => named(field.type) !== 'UserError');
    expect(acted).not.toEqual([]);
    expect(breaking(acted, ({ field }) => isList(field.type) || !isRequired(field.type))).toEqual([]);
  }
});

test('rule 9: what another subgraph or a model provides is nullable, keys are not', () => {
  const entities = objects.filter((type) => has(type, 'key'));
  expect(entities.length).toBeGreaterThan(4);
  const ownerOf = (name: string) =>
    members.find(({ on, field }) => on.name.value === 'Query' && named(field.type) === name)?.on.subgraph;
  const keys = members.filter(({ on, field }) => has(on, 'key') && field.name.value === 'id');
  expect(breaking(keys, ({ field }) => isRequired(field.type))).toEqual([]);
  const foreign = members.filter(
    ({ on, field }) =>
      has(on, 'key') &&
      on.subgraph !== ownerOf(on.name.value) &&
      field.name.value !== 'id' &&
      !has(field, 'external'),
  );
  const references = members.filter(
    ({ on, field }) =>
      isEntity(named(field.type)) &&
      !isList(field.type) &&
      !ROOTS.includes(on.name.value) &&
      !on.name.value.endsWith('Edge'),
  );
  const models = new Set(
    members.flatMap(({ on, field }) =>
      named(field.type) === 'ModelVersion' && !isList(field.type) ? on.name.value : [],
    ),
  );
  const modelled = members.filter(({ field }) => models.has(named(field.type)));
  for (const group of [foreign, references, modelled]) expect(group).not.toEqual([]);
  expect(breaking([...foreign, ...references, ...modelled], ({ field }) => !isRequired(field.type))).toEqual(
    [],
  );
});

test('rule 12: each type, field, input and enum value has one description, in its owner’s SDL', () => {
  const counts = new Map<string, number>();
  const note = (coordinate: string, node: Described) =>
    counts.set(coordinate, (counts.get(coordinate) ?? 0) + (node.description ? 1 : 0));
  for (const node of definitions) {
    if (!('name' in node) || !node.name || ROOTS.includes(node.name.value)) continue;
    note(node.name.value, node as Described);
  }
  for (const member of members) note(at(member), member.field);
  for (const { name, fields } of inputs)
    for (const field of fields ?? []) note(`${name.value}.${field.name.value}`, field);
  for (const { name, values } of enums)
    for (const value of values ?? []) note(`${name.value}.${value.name.value}`, value);
  expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
});
