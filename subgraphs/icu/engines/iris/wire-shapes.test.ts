import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { type FakeReply, startFakeIris } from '../../testing/fake-iris.ts';
import { fakeConfig } from '../../testing/fake-iris-place.ts';
import { numberOf } from './atelier-answer.ts';
import { openIrisSql } from './iris-sql.ts';

/** Documented and recorded answers of IRIS, each with where it comes from; none was recorded by us. */
type Shape = {
  readonly id: string;
  readonly provenance: string;
  readonly status?: number;
  readonly body?: unknown;
  readonly bodies?: readonly unknown[];
  readonly bodyText?: string;
  readonly headers?: Record<string, string[]>;
  readonly rows?: Record<string, unknown>;
};
const FILE = join(import.meta.dirname, '../../testing/iris-wire-shapes.json');
const SHAPES = JSON.parse(readFileSync(FILE, 'utf8')) as Shape[];

const ONE = { name: 'one', sql: 'SELECT 1 AS One', parameters: [], most: 1 };

type Outcome = Record<string, unknown>[] | { kind: string; sqlcode?: number; status?: number };

/** What a statement comes to that is answered by the shape. */
const OUTCOMES: Record<string, Outcome> = {
  'query-rows': [
    { age: 25, ssn: '230-78-7696', home_city: 'Larchmont', name: 'DeLillo,Jose F.' },
    { age: 25, ssn: '546-73-7513', home_city: 'Gansevoort', name: 'Klingman,Thelma H.' },
  ],
  'query-positional': [{ name: '%Api.Atelier' }],
  'dml-ok-no-rowcount': [],
  explain: [{ plan: expect.stringContaining('<plans>') }],
  'sql-error-200-no-content': { kind: 'sql', sqlcode: -149 },
  'error-with-params-and-escaped-summary': { kind: 'sql', status: 404 },
  'forbidden-empty-errors': { kind: 'auth', status: 403 },
  'unauthorized-html': { kind: 'auth', status: 401 },
  'license-503': { kind: 'licence', status: 503 },
  'proxy-200-html': { kind: 'protocol', status: 200 },
  'select-constants': [{ one: 1, two: 2 }],
  'bound-parameter': [{ length: 5 }],
  'errors-as-strings': { kind: 'sql', status: 200 },
  'sql-error-500': { kind: 'model-missing', sqlcode: -30, status: 500 },
  'result-status-error': { kind: 'sql', status: 200 },
  'positional-dml-variants': [],
};
/** Shapes with a test of their own below. */
const APART = ['server-info', 'cookies', 'ml-rows-recorded'];

const shapeOf = (id: string) => {
  const shape = SHAPES.find((one) => one.id === id);
  if (!shape) throw new Error(`There is no shape ${id}`);
  return shape;
};
const repliesOf = ({ status = 200, body, bodies, bodyText }: Shape): FakeReply[] =>
  (bodies ?? [body]).map((one) => ({ status, body: bodyText ?? JSON.stringify(one) }));

async function outcomeOf(reply: FakeReply): Promise<unknown> {
  await using fake = await startFakeIris();
  await using sql = openIrisSql(fakeConfig(fake), new Registry(), pino({ level: 'silent' }));
  await sql.query(ONE);
  // Twice: a 401 is tried once more.
  for (let i = 0; i < 2; i += 1) fake.once(/SELECT 1/, async () => reply);
  const rows = await sql.query(ONE).catch((error: unknown) => error);
  if (!Array.isArray(rows)) return rows;
  return rows.map((row) => Object.fromEntries(row));
}

test('every shape is looked at', () => {
  expect([...Object.keys(OUTCOMES), ...APART].toSorted()).toEqual(SHAPES.map(({ id }) => id).toSorted());
  for (const { id, provenance } of SHAPES) expect(provenance, id).toMatch(/\w/);
});

test.each(Object.entries(OUTCOMES))('%s', async (id, outcome) => {
  for (const reply of repliesOf(shapeOf(id))) {
    const found = await outcomeOf(reply);
    if (Array.isArray(outcome)) expect(found).toEqual(outcome);
    else expect(found).toMatchObject({ name: 'IrisFault', code: 'ICU_UNAVAILABLE', ...outcome });
  }
});

test('server-info tells the highest version of the API, which chooses the form of answers', async () => {
  for (const [api, place] of [
    [8, '/api/atelier/v6/USER/action/query?max=1&positional=1'],
    [5, '/api/atelier/v1/USER/action/query?max=1'],
    [undefined, '/api/atelier/v1/USER/action/query?max=1'],
  ] as const) {
    await using fake = await startFakeIris();
    await using sql = openIrisSql(fakeConfig(fake), new Registry(), pino({ level: 'silent' }));
    const { body } = shapeOf('server-info') as { body: { result: { content: object } } };
    const told = { ...body, result: { content: { ...body.result.content, api } } };
    fake.once(/\/api\/atelier\/$/, async (usual) => ({ ...(await usual()), body: JSON.stringify(told) }));
    expect((await sql.query(ONE)).map((row) => row.get('one'))).toEqual([1]);
    expect(fake.requests.map(({ path }) => path)).toEqual(['/api/atelier/', place]);
  }
});

test('cookies, both of them, are shown from the second request on, in place of the account', async () => {
  await using fake = await startFakeIris();
  await using sql = openIrisSql(fakeConfig(fake), new Registry(), pino({ level: 'silent' }));
  const lines = shapeOf('cookies').headers?.['set-cookie'] ?? [];
  let session = '';
  fake.once(/\/api\/atelier\/$/, async (usual) => {
    const reply = await usual();
    [session = ''] = reply.headers?.['set-cookie'] ?? [];
    return { ...reply, headers: { ...reply.headers, 'set-cookie': [session, lines[1]] as never } };
  });
  await sql.query(ONE);
  const [login, query] = fake.requests;
  expect(login?.headers).toMatchObject({ authorization: expect.stringMatching(/^Basic /) });
  expect(login?.headers.cookie).toBeUndefined();
  const pair = (line = '') => line.split(';')[0];
  expect(query?.headers.cookie).toBe(`${pair(session)}; ${pair(lines[1])}`);
  expect(pair(session)?.split('=')[0]).toBe(pair(lines[0])?.split('=')[0]);
  expect(query?.headers.authorization).toBeUndefined();
});

test('ml-rows-recorded: predictions are numbers, or texts of numbers', () => {
  const {
    PREDICT_0_1: labels,
    PROBABILITY: some,
    PROBABILITY_M: more,
  } = shapeOf('ml-rows-recorded').rows as Record<string, number[]>;
  for (const value of [...(labels ?? []), ...(some ?? []), ...(more ?? [])]) {
    expect(numberOf(value)).toBe(value);
    expect(numberOf(String(value))).toBe(value);
  }
  for (const nothing of [null, undefined, '', ' ', 'abc', {}]) expect(numberOf(nothing)).toBeNull();
});
