import { expect, test } from 'vitest';
import { importKey, isImported, uploadKey } from './intake-key.ts';

test('an upload has another key for each sender, key and place, and the same one again for the same', () => {
  const senders = [
    ['alice', 'k', 0],
    ['bob', 'k', 0],
    ['alice', 'l', 0],
    ['alice', 'k', 1],
    ['alice","k', '', 0],
  ] as const;
  const keys = senders.map(([actor, key, index]) => uploadKey(actor, key, index));
  expect(new Set(keys).size).toBe(senders.length);
  expect(uploadKey('alice', 'k', 0)).toBe(keys[0]);
  expect(keys[0]).toMatch(/^upload:[0-9a-f]{64}$/);
});

test('what came from the PACS is told from what was uploaded', () => {
  const keys = [importKey('2.25.1', null), importKey('upload:', 'p'), uploadKey('alice', 'k', 0), null];
  expect(keys.map((intakeKey) => isImported({ intakeKey }))).toEqual([true, true, false, false]);
});
