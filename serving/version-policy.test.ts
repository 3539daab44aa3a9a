import { expect, test } from 'vitest';
import { versionPolicy } from './version-policy.ts';

test.each([
  ['latest:1', [3]],
  ['latest:2', [3, 2]],
  ['latest:9', [3, 2, 1]],
  ['all', [1, 3, 2]],
  ['specific:1,3', [1, 3]],
  ['specific:7', []],
])('%s of the versions 1, 3 and 2 is %j', (text, wanted) => {
  expect(versionPolicy(text)?.([1, 3, 2])).toEqual(wanted);
});

test.each(['latest', 'latest:0', 'latest:1,2', 'specific:', 'specific:x', 'newest:1', ''])(
  '"%s" is no policy',
  (text) => {
    expect(versionPolicy(text)).toBeUndefined();
  },
);
