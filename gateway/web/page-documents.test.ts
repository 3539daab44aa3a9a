import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import * as documents from './page/documents.ts';

const SUPERGRAPH = join(import.meta.dirname, '../../schema/supergraph.graphql');
const operations = Object.entries(documents).flatMap(([name, value]) =>
  typeof value === 'object' && 'text' in value ? [[name, value.text] as const] : [],
);

test('what the page asks is what the graph answers', () => {
  const schema = Supergraph.build(readFileSync(SUPERGRAPH, 'utf8')).apiSchema().toGraphQLJSSchema();
  expect(operations.length).toBeGreaterThan(8);
  for (const [name, text] of operations) expect([name, validate(schema, parse(text))]).toEqual([name, []]);
});

test('each is named, so that metrics and the explorer can name it', () => {
  const names = operations.map(([, text]) => /(?:query|mutation|subscription) (\w+)/.exec(text)?.[1]);
  expect(new Set(names).size).toBe(operations.length);
  expect(names).not.toContain(undefined);
});
