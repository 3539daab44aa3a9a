import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { openApiDocument } from './openapi-document.ts';

const RULES = {
  // The path of 2020 ends with a slash.
  'no-path-trailing-slash': 'off',
  // Probes have nothing to refuse.
  'operation-4xx-response': 'off',
} as const;

async function problems(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const found = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'openapi.json',
    config,
  });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
}

const document = (authenticated: boolean) =>
  openApiDocument({ maxUploadBytes: 64 * 1024 * 1024, authenticated });

test.each([true, false])(
  'the document is one of OpenAPI 3.1, with authentication: %s',
  async (authenticated) => {
    expect(await problems(document(authenticated))).toEqual([]);
  },
);

test('a fault in it would be found', async () => {
  const faulty = structuredClone(document(true));
  const predict = faulty.paths['/covid19/api/v1/predict/']?.post as { responses: object; security: object[] };
  predict.responses = {
    200: { description: 'x', content: { 'application/json': { schema: { $ref: '#/nowhere' } } } },
  };
  predict.security = [{ unknown: [] }];
  expect((await problems(faulty)).map((line) => line.split(':')[0])).toEqual(
    expect.arrayContaining(['no-unresolved-refs', 'security-defined']),
  );
});

test('it says what it is not for, and what a file may weigh', () => {
  const text = JSON.stringify(document(true));
  expect(text).toContain('Not for clinical use');
  expect(text).toContain('at most 64 MB');
});
