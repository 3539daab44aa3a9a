import { ApolloServer, HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import type { GatewayContext } from '../context.ts';
import { tellRetryAfter } from './retry-after.ts';

/** The header of an answer whose fields fail with these extensions. */
async function headerFor(...extensions: Record<string, unknown>[]): Promise<string | undefined> {
  const fails = extensions.map((given, i) => [
    `f${i}`,
    () => {
      throw new GraphQLError('refused', { extensions: given });
    },
  ]);
  const server = new ApolloServer<GatewayContext>({
    typeDefs: `type Query { ok: Int ${fails.map(([name]) => `${name}: Int`).join(' ')} }`,
    resolvers: { Query: Object.fromEntries(fails) },
    plugins: [tellRetryAfter()],
  });
  await server.start();
  const answer = await server.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'POST',
      headers: new HeaderMap([['content-type', 'application/json']]),
      search: '',
      body: { query: `{ ok ${fails.map(([name]) => name).join(' ')} }` },
    },
    context: async () => ({}) as GatewayContext,
  });
  await server.stop();
  return answer.headers.get('retry-after');
}

test('the longest time to wait is told in the header, and none where none is known', async () => {
  const overloaded = { code: 'OVERLOADED' };
  expect(await headerFor()).toBeUndefined();
  expect(await headerFor(overloaded)).toBeUndefined();
  expect(await headerFor({ ...overloaded, retryAfterSeconds: 'soon' })).toBeUndefined();
  const times = [5, 10, 3].map((retryAfterSeconds) => ({ ...overloaded, retryAfterSeconds }));
  expect(await headerFor(...times, overloaded)).toBe('10');
});
