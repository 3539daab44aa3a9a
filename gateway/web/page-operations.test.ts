import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { HISTORY } from './page/history-operation.ts';
import { CANCEL, FOLLOW, UPLOAD } from './page/job-operations.ts';
import { PATIENT, PATIENTS } from './page/patient-operations.ts';
import { DELETE, DICOM, HEATMAP, READING } from './page/radiograph-operations.ts';

const SUPERGRAPH = join(import.meta.dirname, '../../schema/supergraph.graphql');
const OPERATIONS = [UPLOAD, FOLLOW, CANCEL, READING, HEATMAP, DICOM, DELETE, PATIENT, PATIENTS, HISTORY];

test('what the page asks is what the graph answers', () => {
  const schema = Supergraph.build(readFileSync(SUPERGRAPH, 'utf8')).apiSchema().toGraphQLJSSchema();
  for (const { text } of OPERATIONS) expect([text, validate(schema, parse(text))]).toEqual([text, []]);
});

test('each is named, so that metrics and the explorer can name it', () => {
  const names = OPERATIONS.map(({ text }) => /^(?:query|mutation|subscription) (\w+)/m.exec(text)?.[1]);
  expect(names).not.toContain(undefined);
  expect(new Set(names).size).toBe(OPERATIONS.length);
});
