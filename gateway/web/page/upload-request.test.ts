import { expect, test } from 'vitest';
import { sentOf } from './upload-request.ts';

const payload = (radiographUpload: unknown) => JSON.stringify({ data: { radiographUpload } });

test('a file that is taken has a job', () => {
  expect(sentOf(payload({ jobs: [{ id: 'j1' }], userErrors: [] }))).toEqual({ jobId: 'j1' });
});

test('a file that is not taken has the reason, with when to come back', () => {
  const error = { code: 'UNSUPPORTED_IMAGE', message: 'Expected another file' };
  expect(sentOf(payload({ jobs: [], userErrors: [error] }))).toEqual({ fault: error });
  const extensions = { code: 'OVERLOADED', retryAfterSeconds: 3 };
  expect(sentOf(JSON.stringify({ data: null, errors: [{ message: 'Busy', extensions }] }))).toEqual({
    fault: { code: 'OVERLOADED', message: 'Busy', retryAfterSeconds: 3 },
  });
});

test('what is no answer of the gateway counts as none', () => {
  for (const text of ['', '<html>502 Bad Gateway</html>', '{}', payload({ jobs: [], userErrors: [] })])
    expect(sentOf(text)).toMatchObject({ fault: { code: 'UNREACHABLE' } });
});
