import { expect, test } from 'vitest';
import { uploadsAtOnce } from './uploads-at-once.ts';

test('one upload more than a caller may have is refused, until one ends', () => {
  const begin = uploadsAtOnce(2);
  const end = begin('a');
  begin('a');
  expect(() => begin('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  begin('b');
  end();
  end();
  begin('a');
  expect(() => begin('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
});
