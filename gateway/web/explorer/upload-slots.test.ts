import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { uploadSlots } from './upload-slots.ts';

const schema = buildSchema(`
  scalar Upload
  input Report { file: Upload! title: String inner: Report }
  input Batch { files: [Upload!]! cover: Upload reports: [Report!] name: String }
  type Query { ok(files: [Upload], file: Upload, name: String, batch: Batch, report: Report): Boolean }
`);

function slots(variables: string, known: typeof schema | null = schema) {
  const operation = getOperationAST(parse(`query Q(${variables}) { ok }`));
  if (!operation) throw new Error('The test has no operation');
  return uploadSlots(known, operation).map(({ path, many }) => (many ? `${path}[]` : path));
}

test('a variable that is a file or a list of files is a slot; others are none', () => {
  expect(slots('$file: Upload!, $files: [Upload!]!, $name: String!')).toEqual(['file', 'files[]']);
});

test('without a schema variables that are declared as files are found, and nothing else', () => {
  const variables =
    '$a: Upload, $b: Upload!, $c: [Upload], $d: [Upload!]!, $e: [[Upload]], $batch: Batch!, $name: [String!]';
  expect(slots(variables, null)).toEqual(['a', 'b', 'c[]', 'd[]']);
});

test('files within an input object are found by their path; a list of objects has no fixed places', () => {
  expect(slots('$batch: Batch!')).toEqual(['batch.files[]', 'batch.cover']);
});

test('an input type within itself ends', () => {
  expect(slots('$report: Report')).toEqual([
    'report.file',
    'report.inner.file',
    'report.inner.inner.file',
    'report.inner.inner.inner.file',
  ]);
});

test('a type that the schema does not know is left to the gateway to refuse', () => {
  expect(slots('$file: Nothing')).toEqual([]);
});
