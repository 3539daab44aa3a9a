import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Answer, ask, type System, startSystem } from './system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const nested = (depth: number) => {
  const opening = '{ radiographs { nodes { patient '.repeat(depth);
  return `${opening} { id } ${'} } }'.repeat(depth)}`.replaceAll(
    'patient { radiographs',
    'patient { radiographs',
  );
};
const aliases = (count: number) =>
  `{ ${Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ')} }`;

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['no GraphQL', '{ radiographs(', 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', '{ secrets }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a field that only subgraphs see',
    '{ radiographs { nodes { activationMaps } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'an address that only subgraphs see',
    '{ radiographs { nodes { imageAddress } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['entities', '{ _entities(representations: []) { __typename } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['the SDL of a subgraph', '{ _service { sdl } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a deep query', nested(8), 'QUERY_TOO_COMPLEX'],
  ['many aliases', aliases(1_000), 'QUERY_TOO_COMPLEX'],
  ['a page too large', '{ radiographs(first: 101) { nodes { id } } }', 'BAD_USER_INPUT'],
  ['a negative page', '{ patients(first: -1) { nodes { id } } }', 'BAD_USER_INPUT'],
  ['a cursor that is not ours', '{ radiographs(after: "b3RoZXI") { nodes { id } } }', 'BAD_USER_INPUT'],
  [
    'a literal in place of a file',
    'mutation { radiographUpload(input: { files: ["x"] }) { jobs { id } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
];

test.each(REFUSED)('%s is refused over HTTP and over a socket alike', async (_name, query, code) => {
  const http = await ask(system.url, query);
  expect(http.errors?.[0]?.extensions.code).toBe(code);
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  try {
    for await (const { errors } of client.iterate({ query }))
      expect(errors?.[0]?.extensions?.code).toBe(code);
  } catch (errors) {
    // Refused before it began: graphql-ws throws the list of errors.
    expect((errors as Answer['errors'])?.[0]?.extensions.code).toBe(code);
  }
  await client.dispose();
});

test('a query of too many tokens is refused without being parsed to its end', async () => {
  const { errors } = await ask(system.url, `{ ${'__typename '.repeat(20_000)} }`);
  expect(errors?.[0]?.extensions.code).toMatch(/GRAPHQL_PARSE_FAILED|QUERY_TOO_COMPLEX/);
});

const post = (body: string, headers: Record<string, string>) =>
  fetch(`${system.url}/graphql`, { method: 'POST', body, headers });

test('bodies that are no GraphQL request are refused with a code', async () => {
  const json = { 'content-type': 'application/json' };
  for (const [body, headers, status] of [
    ['{', json, 400],
    ['', json, 400],
    ['[{"query":"{ __typename }"}]', json, 400],
    ['{"query":7}', json, 400],
    [`{"query":"{ __typename }","pad":"${'x'.repeat(2 << 20)}"}`, json, 413],
    ['query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['{"query":"{ __typename }"}', { 'content-type': 'text/plain' }, 400],
  ] as const) {
    const answer = await post(body, headers);
    expect([body.slice(0, 20), answer.status]).toEqual([body.slice(0, 20), status]);
    const { errors } = (await answer.json()) as Answer;
    expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_)/);
  }
});

test('a link to a picture that was forged or has been cut is not found', async () => {
  for (const token of [
    'x',
    'a.b',
    `${Buffer.from('{"address":"../../keys/master.key","mediaType":"image/png","exp":9e15}').toString('base64url')}.AAAA`,
  ]) {
    const answer = await fetch(`${system.url}/files/${token}`);
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as Answer).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  }
});

test('unknown ids are null, also those that look like SQL', async () => {
  const query = 'query ($id: ID!) { radiograph(id: $id) { id } job(id: $id) { id } patient(id: $id) { id } }';
  for (const id of ['nobody', "1' OR '1'='1", '1; DROP TABLE patient', '0', '-1', '1e3', '💥'])
    expect(await ask(system.url, query, { id })).toEqual({
      data: { radiograph: null, job: null, patient: null },
    });
});

test('the page and what it loads come with a strict policy and from this server alone', async () => {
  const page = await fetch(system.url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).toContain('Not for clinical use');
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => String(link));
  expect(links.length).toBeGreaterThan(2);
  for (const link of links) {
    expect(link).toMatch(/^\/[^/]/);
    expect((await fetch(system.url + link, { headers: { accept: 'text/html' } })).status).toBe(200);
  }
});
