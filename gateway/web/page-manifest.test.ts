import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { PAGE_OPERATIONS, pageManifest } from './page-manifest.ts';

const SUPERGRAPH = join(import.meta.dirname, '../../schema/supergraph.graphql');

test('what the page asks is what the graph answers', () => {
  const schema = Supergraph.build(readFileSync(SUPERGRAPH, 'utf8')).apiSchema().toGraphQLJSSchema();
  for (const text of PAGE_OPERATIONS) expect([text, validate(schema, parse(text))]).toEqual([text, []]);
});

test('the manifest names each operation, so that metrics and the explorer can', () => {
  const { operations } = JSON.parse(pageManifest()) as { operations: { name?: string; type?: string }[] };
  const names = new Set(operations.map(({ name, type }) => `${type} ${name}`));
  expect(names).not.toContain('undefined undefined');
  expect(names.size).toBe(PAGE_OPERATIONS.length);
});
