import { expect, test } from 'vitest';
import { gatewayConfig } from '../config.ts';

test('on this machine the gateway is open to its developer', () => {
  expect(gatewayConfig({}).guard).toMatchObject({ introspection: true, rateLimit: 0, safelist: false });
});

test('beyond this machine the schema is not shown and callers are limited, unless said', () => {
  const beyond = { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: '1' };
  expect(gatewayConfig(beyond).guard).toMatchObject({ introspection: false, rateLimit: 600 });
  const said = { ...beyond, INTROSPECTION: '1', RATE_LIMIT: '0' };
  expect(gatewayConfig(said).guard).toMatchObject({ introspection: true, rateLimit: 0 });
});

test('a safelist of nothing and a Redis by another protocol are refused by the name of the setting', () => {
  expect(() => gatewayConfig({ SAFELIST: '1' })).toThrow('PERSISTED_OPERATIONS');
  expect(() => gatewayConfig({ REDIS_URL: 'http://redis:6379' })).toThrow('REDIS_URL');
  expect(() => gatewayConfig({ RATE_LIMIT: '-1', MAX_QUERY_COST: '0' })).toThrow(/RATE_LIMIT|MAX_QUERY_COST/);
});
