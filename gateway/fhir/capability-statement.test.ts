import { expect, test } from 'vitest';
import { ERROR_CODES } from '#common/errors.ts';
import { capabilityStatement, icuRiskOperation } from './capability-statement.ts';
import { operationOutcome } from './operation-outcome.ts';
import { issuesOf } from './testing/validation.ts';

const BASE = 'https://radiograph.example/fhir';

test('no validator finds anything at what tells of the server', () => {
  expect(issuesOf(capabilityStatement(BASE))).toEqual([]);
  expect(issuesOf(icuRiskOperation(BASE))).toEqual([]);
});

test('the operation is found where the statement says', () => {
  const operations = capabilityStatement(BASE).rest?.[0]?.resource?.flatMap(
    ({ operation = [] }) => operation,
  );
  expect(operations).toEqual([{ name: icuRiskOperation(BASE).code, definition: icuRiskOperation(BASE).url }]);
});

test('no validator finds anything at an outcome, whatever its code and status', () => {
  for (const code of ERROR_CODES)
    for (const status of [400, 405, 406, 410, 503]) {
      const outcome = operationOutcome(status, { message: 'Expected another', extensions: { code } });
      expect(issuesOf(outcome), `${code} ${status}`).toEqual([]);
      expect(outcome.issue).toMatchObject([{ details: { text: 'Expected another' }, diagnostics: code }]);
    }
});
