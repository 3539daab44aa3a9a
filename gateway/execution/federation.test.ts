import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway';
import type { PlanNode } from '@apollo/query-planner';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type ExecutionResult, execute, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { federation, type PlannedOperation } from './federation.ts';
import type { AskSubgraph } from './plan-execution.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@requires", "@external", "@shareable", "@inaccessible", "@interfaceObject"])`;

/** Abstract types, lists of lists, hidden fields, keys over two hops, and what one subgraph requires of another. */
const SDL = {
  ward: `${LINK}
    type Query { patients(count: Int = 3): [Patient!]! maybe: [Patient] beds: [[Bed!]]! staff: [Staff!]! any: [Any] nobody: Patient }
    type Mutation { admit(name: String!): Patient }
    type Patient @key(fields: "id") @key(fields: "number") { id: ID! number: Int! name: String ward: Ward! height: Float hidden: String! @inaccessible }
    type Ward { name: String! floor: Floor beds(first: Int): [Bed!] }
    type Bed @key(fields: "id") { id: ID! patient: Patient }
    enum Floor { GROUND UPPER SECRET @inaccessible }
    interface Staff @key(fields: "id") { id: ID! name: String! }
    type Nurse implements Staff @key(fields: "id") { id: ID! name: String! patients: [Patient!]! }
    type Doctor implements Staff @key(fields: "id") { id: ID! name: String! speciality: String patients: [Patient] }
    union Any = Patient | Nurse | Bed`,
  icu: `${LINK}
    type Query { sickest: Patient }
    type Patient @key(fields: "id") { id: ID! height: Float @external hidden: String! @external
      risk: Risk must: Int! bmi(unit: String = "kg"): Float @requires(fields: "height hidden") friends: [Patient!]! }
    type Risk { probability: Float! tags: [String!] scores: [[Int]] }
    type Bed @key(fields: "id") { id: ID! clean: Boolean! }
    type Staff @interfaceObject @key(fields: "id") { id: ID! onCall: Boolean rota: [Int!]! }`,
  lab: `${LINK}
    type Query { samples: [Sample!]! }
    type Sample { id: ID! patient: Patient! }
    type Patient @key(fields: "number") { number: Int! samples: [Sample!] note: String }`,
};

const composed = composeServices(
  Object.entries(SDL).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) })),
);
const supergraphSdl = composed.supergraphSdl ?? '';

const patient = (n: number) => ({ __typename: 'Patient', ...patientFields(n) });
const patientFields = (n: number) => ({
  id: `p${n}`,
  number: n,
  name: n % 2 ? `Patient ${n}` : null,
  ward: {
    name: `W${n}`,
    floor: ['GROUND', 'UPPER', 'SECRET'][n % 3],
    beds: [{ id: `b${n}`, patient: null }],
  },
  height: n % 4 ? 1.5 + n / 10 : null,
  hidden: `h${n}`,
});
const staff = [
  { __typename: 'Nurse', id: 's1', name: 'Ann', patients: [patient(1), patient(2)] },
  { __typename: 'Doctor', id: 's2', name: 'Bob', speciality: null, patients: [patient(3), null] },
];
const number = (id: string) => Number(id.slice(1));
const icuPatient = (id: string): object => ({
  __typename: 'Patient',
  id,
  must: number(id),
  risk:
    number(id) === 3
      ? () => {
          throw new Error('no model');
        }
      : { probability: number(id) / 10, tags: ['a', 'b'], scores: [[1, null], null] },
  friends: () => [icuPatient(`p${number(id) + 1}`), icuPatient(`p${number(id) + 2}`)],
});

const RESOLVERS = {
  ward: {
    Query: {
      patients: (_: unknown, { count }: { count: number }) =>
        Array.from({ length: count }, (__, i) => patient(i)),
      maybe: () => [patient(5), null, patient(6)],
      beds: () => [[{ id: 'b1', patient: patient(1) }], [{ id: 'b2', patient: null }, { id: 'b3' }]],
      staff: () => staff,
      any: () => [patient(1), staff[0], { __typename: 'Bed', id: 'b9', patient: patient(2) }, null],
    },
    Mutation: { admit: (_: unknown, { name }: { name: string }) => ({ ...patient(7), name }) },
    Patient: {
      __resolveReference: ({ id, number: n }: { id?: string; number?: number }) =>
        patient(n ?? number(id ?? '')),
    },
    Staff: { __resolveReference: ({ id }: { id: string }) => staff.find((each) => each.id === id) },
  },
  icu: {
    Query: { sickest: () => icuPatient('p8') },
    Patient: {
      __resolveReference: (given: { id: string }) => ({ ...given, ...icuPatient(given.id) }),
      bmi: ({ height }: { height: number | null }, { unit }: { unit: string }) =>
        height && (unit === 'kg' ? 70 : 154) / height ** 2,
    },
    Bed: { __resolveReference: ({ id }: { id: string }) => ({ id, clean: id !== 'b2' }) },
    Staff: { __resolveReference: ({ id }: { id: string }) => ({ id, onCall: id === 's1', rota: [1, 2] }) },
  },
  lab: {
    Query: { samples: () => [1, 2].map((n) => ({ id: `l${n}`, patient: { number: n, note: 'noted' } })) },
    Patient: {
      __resolveReference: ({ number: n }: { number: number }) => ({
        number: n,
        note: `of ${n}`,
        samples: n === 2 ? null : [{ id: `l${n}`, patient: { number: n + 1, note: null } }],
      }),
    },
  },
};

type Service = keyof typeof SDL;
const schemas = new Map(
  (Object.keys(SDL) as Service[]).map((name) => [
    name as string,
    buildSubgraphSchema({ typeDefs: parse(SDL[name]), resolvers: RESOLVERS[name] as never }),
  ]),
);

type Spoil = (value: unknown, at: number) => unknown;

/** Answers as a subgraph does, over JSON; `spoil` may change each value of it. */
async function answer(service: string, query: string, variableValues: object, spoil: Spoil) {
  const schema = schemas.get(service);
  if (!schema) throw new Error(`There is no subgraph ${service}`);
  const result = await execute({ schema, document: parse(query), variableValues: { ...variableValues } });
  let at = 0;
  return JSON.parse(JSON.stringify(result), (_key, value) => spoil(value, at++)) as ExecutionResult;
}

const supergraph = Supergraph.build(supergraphSdl);
const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
const apiSchema = supergraph.apiSchema();
const ours = federation(supergraphSdl);

const run = ({ node, execute }: PlannedOperation, variables: Record<string, unknown>, ask: AskSubgraph) =>
  execute({ node: node as PlanNode | undefined, variables, ask });

type Told = { data: unknown; errors: (readonly (string | number)[] | undefined)[] };
const told = ({ data, errors = [], extensions }: ExecutionResult): Told => {
  // @apollo/gateway tells of values that are missing in an extension, we in errors.
  const missing = (extensions?.valueCompletion ?? []) as { path?: readonly (string | number)[] }[];
  return { data, errors: [...errors, ...missing].map(({ path }) => path).sort() };
};

async function both(query: string, variables: Record<string, unknown>, spoil: Spoil): Promise<[Told, Told]> {
  const document = parse(query);
  expect(validate(ours.schema, document)).toEqual([]);
  const planned = ours.planned(document, undefined);
  const services: ServiceMap = Object.fromEntries(
    [...schemas.keys()].map((name) => [
      name,
      { process: async ({ request }) => answer(name, request.query ?? '', request.variables ?? {}, spoil) },
    ]),
  ) as ServiceMap;
  const reference = await executeQueryPlan(
    { kind: 'QueryPlan', ...(planned.node && { node: planned.node }) },
    services,
    { request: { variables }, context: {}, document, metrics: {}, logger: console } as never,
    buildOperationContext({ schema: ours.schema, operationDocument: document }),
    supergraphSchema,
    apiSchema,
  );
  const result = await run(planned, variables, async (fetch, values) =>
    answer(fetch.serviceName, fetch.operation, values, spoil),
  );
  return [told(JSON.parse(JSON.stringify(result))), told(JSON.parse(JSON.stringify(reference)))];
}

const OPERATIONS: [string, Record<string, unknown>?][] = [
  ['{ patients { id name } }'],
  ['{ patients { n: name ward { name floor beds { id clean } } bmi risk { probability tags scores } } }'],
  ['query ($n: Int) { patients(count: $n) { bmi samples { id patient { name must } } } }', { n: 6 }],
  ['{ maybe { __typename t: __typename must risk { probability } note } }'],
  ['{ beds { id clean patient { name risk { tags } } } }'],
  [
    '{ staff { __typename id name onCall rota ... on Nurse { patients { name must } } ... on Doctor { speciality seen: patients { risk { probability } } } } }',
  ],
  [
    '{ any { __typename ... on Patient { name must } ... on Nurse { onCall patients { number } } ... on Bed { clean patient { bmi } } } }',
  ],
  [
    '{ a: sickest { name ...F } b: sickest { ...F ward { name } } } fragment F on Patient { samples { id } friends { name friends { must height } } }',
  ],
  [
    'query ($s: Boolean!, $i: Boolean = true) { patients { id name @skip(if: $s) ... @include(if: $i) { must risk { probability @skip(if: $s) tags } } } }',
    { s: true },
  ],
  [
    'query ($s: Boolean!, $i: Boolean = true) { patients { id name @skip(if: $s) ... @include(if: $i) { must risk { probability @skip(if: $s) tags } } } }',
    { s: false, i: false },
  ],
  [
    'mutation ($name: String!) { admit(name: $name) { name risk { probability } samples { id } } }',
    { name: 'Zoe' },
  ],
  [
    '{ constructor: patients(count: 1) { toString: name valueOf: must } samples { id patient { note name } } }',
  ],
  ['{ nobody { name must } __typename q: __typename }'],
  [
    'query ($t: String!) { __type(name: $t) { name fields { name } } __schema { queryType { name } } patients(count: 1) { id } }',
    { t: 'Patient' },
  ],
  [
    '{ samples { patient { note risk { probability } } } sickest { samples { patient { bmi(unit: "lb") } } } }',
  ],
];

test('the test graph is composed, and hides what is inaccessible', () => {
  expect(composed.errors).toBeUndefined();
  expect(ours.schema.getType('Patient')?.toConfig()).not.toHaveProperty('fields.hidden');
});

test.each(OPERATIONS)('is answered as @apollo/gateway does: %s', async (query, variables = {}) => {
  const [result, reference] = await both(query, variables, (value) => value);
  expect(result).toEqual(reference);
  expect(result.data).not.toBeNull();
});

/** A repeatable source of numbers in [0, 1): mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('values that are missing or of another type make the same nulls as in @apollo/gateway', {
  timeout: 120_000,
}, async () => {
  let nulls = 0;
  for (const [query, variables = {}] of OPERATIONS) {
    for (let seed = 1; seed <= 20; seed++) {
      const chances = Array.from({ length: 400 }, random(seed));
      const spoil: Spoil = (value, at) => {
        const chance = chances[at % chances.length] ?? 1;
        if (Array.isArray(value) || typeof value === 'object') return chance < 0.02 ? null : value;
        // Not of names of types: there @apollo/gateway answers with a fault of its own.
        if (typeof value === 'string' && /^[A-Z][a-z]+$/.test(value)) return value;
        return chance < 0.06 ? null : chance < 0.08 ? { odd: true } : value;
      };
      const [result, reference] = await both(query, variables, spoil);
      expect({ query, seed, data: result.data }).toEqual({ query, seed, data: reference.data });
      // Of several reasons for one null it is enough to tell one.
      expect(result.errors.length > 0).toBe(reference.errors.length > 0);
      nulls += reference.errors.length;
    }
  }
  expect(nulls).toBeGreaterThan(100);
});

test('an error of an entity is told at its own place, also when other entities were left out', async () => {
  const document = parse('{ maybe { name risk { probability } } }');
  const planned = ours.planned(document, undefined);
  const result = await run(planned, {}, async (fetch, values) => {
    if (fetch.serviceName === 'icu')
      return {
        data: { _entities: [null] },
        errors: [{ message: 'no model', path: ['_entities', 0, 'risk'] }],
      };
    return { data: { maybe: [{ __typename: 'Patient', name: 'A' }, null, { ...patient(6) }] }, ...values };
  });
  expect(result.errors?.map(({ path }) => path)).toEqual([['maybe', 2, 'risk']]);
  expect(JSON.parse(JSON.stringify(result.data))).toEqual({
    maybe: [{ name: 'A', risk: null }, null, { name: null, risk: null }],
  });
});

test('an alias called __proto__ is data and nothing else', async () => {
  const document = parse('{ __proto__: patients(count: 1) { __proto__: name must } }');
  const planned = ours.planned(document, undefined);
  const result = await run(planned, {}, async (fetch, values) =>
    answer(fetch.serviceName, fetch.operation, values, (value) => value),
  );
  expect(JSON.stringify(result.data)).toBe('{"__proto__":[{"__proto__":null,"must":0}]}');
  expect(({} as { must?: number }).must).toBeUndefined();
});

test('variables of the wrong type are refused before any subgraph is asked', async () => {
  const planned = ours.planned(parse('query ($n: Int) { patients(count: $n) { id } }'), undefined);
  const result = await run(planned, { n: 'many' }, () => Promise.reject(new Error('asked')));
  expect(result).toEqual({ errors: [expect.objectContaining({ message: expect.stringContaining('$n') })] });
});

test('a mutation runs also when nothing of its answer is selected under the conditions', async () => {
  const document = parse(
    'mutation ($a: Boolean!, $b: Boolean!) { admit(name: "Zoe") @include(if: $a) { name @include(if: $b) } }',
  );
  const asked: string[] = [];
  const result = await run(
    ours.planned(document, undefined),
    { a: true, b: false },
    async (fetch, values) => {
      asked.push(fetch.serviceName);
      return answer(fetch.serviceName, fetch.operation, values, (value) => value);
    },
  );
  expect(asked).toEqual(['ward']);
  expect(result).toEqual({ data: { admit: {} } });
});

test('a condition that is null is told as bad input, and nothing is asked', async () => {
  const document = parse('query ($s: Boolean = true) { patients { id @skip(if: $s) } }');
  const planned = ours.planned(document, undefined);
  const result = await run(planned, { s: null }, () => Promise.reject(new Error('asked')));
  expect(result.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('however many values are faulty, each error has a code', async () => {
  const planned = ours.planned(parse('query ($n: [[Int!]!]) { patients { id } }'), undefined);
  const result = await run(planned, { n: [Array(60).fill('x')] }, () => Promise.reject(new Error('asked')));
  expect(result.errors?.length).toBeGreaterThan(50);
  expect(new Set(result.errors?.map(({ extensions }) => extensions.code))).toEqual(
    new Set(['BAD_USER_INPUT']),
  );
});

test('a step that fails leaves the rest of the answer', async () => {
  const planned = ours.planned(parse('{ patients(count: 2) { name risk { tags } } }'), undefined);
  const result = await run(planned, {}, async (fetch, values) => {
    if (fetch.serviceName === 'icu') throw new Error('gone');
    return answer(fetch.serviceName, fetch.operation, values, (value) => value);
  });
  expect(JSON.parse(JSON.stringify(result.data))).toEqual({
    patients: [
      { name: null, risk: null },
      { name: 'Patient 1', risk: null },
    ],
  });
  expect(result.errors).toHaveLength(1);
});
