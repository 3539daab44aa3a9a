import { expect, test } from 'vitest';
import { explorerLink } from '../page/explorer-link.ts';
import { linkedOperation } from './linked-operation.ts';

test('what the page links to is what the explorer opens with', () => {
  const query = 'query Q($id: ID!) {\n  radiograph(id: $id) { id } # 100 % + & = ü\n}\n';
  const linked = linkedOperation(new URL(explorerLink(query, { id: '7&8' }), 'http://localhost').hash);
  expect(linked?.query).toBe(query);
  expect(JSON.parse(linked?.variables ?? '')).toEqual({ id: '7&8' });
});

test('without an operation behind the # there is none', () => {
  expect(['', '#', '#variables=%7B%7D', '#query='].map(linkedOperation)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
