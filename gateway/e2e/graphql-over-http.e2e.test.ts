import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type System, startSystem } from './system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

/** Optional (MAY): a query by GET needs a header that no other site's page can send, so that none is sent for it. */
const NOT_OFFERED = ['5A70', 'D6D5', '6A70'];

test('the 61 audits of GraphQL over HTTP find no error and nothing to warn of', async () => {
  const audits = serverAudits({ url: () => `${system.url}/graphql`, fetchFn: fetch });
  expect(audits.length).toBeGreaterThanOrEqual(61);
  const told = [];
  for (const { id, name, fn } of audits) {
    const result = await fn();
    if (result.status !== 'ok') told.push({ id, name, status: result.status, reason: result.reason });
    if ('response' in result && !result.response.bodyUsed) await result.response.body?.cancel();
  }
  expect(told.filter(({ status }) => status !== 'notice')).toEqual([]);
  expect(told.map(({ id }) => id).sort()).toEqual([...NOT_OFFERED].sort());
});

test('a query by GET runs with the header, and a mutation never does', async () => {
  const headers = { 'apollo-require-preflight': '1' };
  const found = await fetch(`${system.url}/graphql?query={__typename}`, { headers });
  expect(await found.json()).toEqual({ data: { __typename: 'Query' } });
  expect(found.headers.get('cache-control')).toBe('no-store');
  const mutation = 'mutation{icuRiskAssess(input:{observations:[]}){userErrors{code}}}';
  const refused = await fetch(`${system.url}/graphql?query=${encodeURIComponent(mutation)}`, { headers });
  expect(refused.status).toBe(405);
});

test.each([
  ['application/graphql-response+json', 400],
  ['application/json', 200],
])('a refused document has the status that %s stands for', async (accept, status) => {
  for (const query of ['{', '{ nothing }', `{ ${'__typename '.repeat(500)} }`]) {
    const answer = await fetch(`${system.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).not.toHaveProperty('data');
  }
});

test.each(['PUT', 'PATCH', 'DELETE'])('%s is refused with what is allowed', async (method) => {
  const answer = await fetch(`${system.url}/graphql`, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
});
