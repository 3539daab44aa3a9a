import { expect, test } from 'vitest';
import { forwardedHeaders, headerAllowList } from './forwarded-headers.ts';

test('only headers on the list go on', () => {
  const allowed = headerAllowList('traceparent, Accept-Language');
  const given = { traceparent: '00-abc', cookie: 'id=7', authorization: 'Bearer x', 'x-patient': 'Smith' };
  expect(forwardedHeaders(allowed, given)).toEqual({ traceparent: '00-abc' });
});

test('credentials, headers of one connection and what is no name are refused', () => {
  for (const text of [
    'authorization',
    'Cookie',
    'traceparent,host',
    'content-length',
    'x-request-id',
    'a b',
    ',',
  ])
    expect(() => headerAllowList(text), text).toThrow('Expected names of headers');
});
