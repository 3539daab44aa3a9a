import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { persistedOperations } from './persisted-operations.ts';

const folder = mkdtempSync(join(tmpdir(), 'manifests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BODY = 'query Who { __typename }';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const naming = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

function manifest(name: string, operations: object[]): string {
  const file = join(mkdtempSync(join(folder, 'manifest-')), name);
  writeFileSync(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }));
  return file;
}

const one = () => manifest('a.json', [{ id: 'who', name: 'Who', type: 'query', body: BODY }]);

test('an operation is found by its id and by its hash', () => {
  const persisted = persistedOperations(one(), true);
  expect(persisted.bodyOf(naming('who'))).toBe(BODY);
  expect(persisted.bodyOf(naming(hash(BODY)))).toBe(BODY);
  expect(persisted.bodyOf({ query: '', ...naming('who') })).toBe(BODY);
  expect(persisted.bodyOf({ query: BODY })).toBe(BODY);
});

test('a safelist refuses everything else, also a text beside a known id', () => {
  const persisted = persistedOperations(one(), true);
  for (const request of [
    { query: '{ __typename }' },
    { query: `${BODY} ` },
    { query: '{ __typename }', ...naming('who') },
    naming('other'),
    naming('__proto__'),
    {},
    { extensions: { persistedQuery: 'who' } },
  ])
    expect(() => persisted.bodyOf(request)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
});

test('without a safelist other texts pass and unknown ids are left to the server', () => {
  const persisted = persistedOperations(one(), false);
  expect(persisted.bodyOf({ query: '{ __typename }' })).toBe('{ __typename }');
  expect(persisted.bodyOf(naming('who'))).toBe(BODY);
  expect(persisted.bodyOf(naming('other'))).toBeUndefined();
});

test('a folder holds several manifests; files that are none are refused by name of the setting', () => {
  const file = one();
  const place = join(file, '..');
  writeFileSync(
    join(place, 'b.json'),
    JSON.stringify({
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'b', body: '{ b }' }],
    }),
  );
  writeFileSync(join(place, 'readme.md'), 'not read');
  expect(persistedOperations(place, true).bodyOf(naming('b'))).toBe('{ b }');
  writeFileSync(join(place, 'c.json'), '{"format":"other"}');
  expect(() => persistedOperations(place, true)).toThrow('PERSISTED_OPERATIONS');
  expect(() => persistedOperations(join(place, 'readme.md'), true)).toThrow('PERSISTED_OPERATIONS');
});

test('an id that stands for two operations is refused', () => {
  const file = manifest('two.json', [
    { id: 'x', body: '{ a }' },
    { id: 'x', body: '{ b }' },
  ]);
  expect(() => persistedOperations(file, true)).toThrow('two operations have the id x');
});
