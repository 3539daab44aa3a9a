import { expect, test } from 'vitest';
import { multipartBody } from './multipart-body.ts';

const file = (name: string) => new File([name], name);
const slot = (path: string, many: boolean) => ({
  path,
  many,
  variable: path.split('.')[0] ?? '',
  declared: 'Upload',
});

test('null stands where files belong, the map names each, and the files come last', () => {
  const variables = { input: { name: 'kept', files: ['typed by hand'] }, first: 1 };
  const body = multipartBody({ query: '{ ok }', operationName: 'Q', variables }, [
    { slot: slot('input.files', true), files: [file('a'), file('b')] },
    { slot: slot('cover', false), files: [file('c'), file('not sent')] },
  ]);
  expect([...body.keys()]).toEqual(['operations', 'map', '0', '1', '2']);
  expect(JSON.parse(String(body.get('operations')))).toEqual({
    query: '{ ok }',
    operationName: 'Q',
    variables: { input: { name: 'kept', files: [null, null] }, first: 1, cover: null },
  });
  expect(JSON.parse(String(body.get('map')))).toEqual({
    0: ['variables.input.files.0'],
    1: ['variables.input.files.1'],
    2: ['variables.cover'],
  });
  expect(['0', '1', '2'].map((name) => (body.get(name) as File).name)).toEqual(['a', 'b', 'c']);
  expect(variables.input.files).toEqual(['typed by hand']);
});

test('an input object that was not typed is made', () => {
  const body = multipartBody({ query: '{ ok }' }, [{ slot: slot('input.file', false), files: [file('a')] }]);
  expect(JSON.parse(String(body.get('operations'))).variables).toEqual({ input: { file: null } });
});
