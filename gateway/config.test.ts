import { expect, test } from 'vitest';
import { gatewayConfig } from './config.ts';

const AUTH = {
  AUTH_JWKS_URL: 'https://id.example/keys',
  AUTH_ISSUER: 'https://id.example',
  AUTH_AUDIENCE: 'radiograph',
};

test('on this machine nobody is authenticated unless it is said how', () => {
  expect(gatewayConfig({}).authentication).toBeUndefined();
  expect(gatewayConfig(AUTH).authentication).toEqual({
    jwksUrl: 'https://id.example/keys',
    issuer: 'https://id.example',
    audience: 'radiograph',
  });
});

test('beyond this machine nobody listens without authentication, unless that is said', () => {
  expect(() => gatewayConfig({ HOST: '0.0.0.0' })).toThrow('nobody is authenticated');
  expect(gatewayConfig({ HOST: '0.0.0.0', ...AUTH }).host).toBe('0.0.0.0');
  expect(gatewayConfig({ HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: '1' }).host).toBe('0.0.0.0');
});

test('half of the settings for authentication are a fault, not no authentication', () => {
  for (const name of Object.keys(AUTH))
    expect(() => gatewayConfig({ ...AUTH, [name]: '' }), name).toThrow('belong together');
});

test('browsers of CDS clients are let in by their exact origins', () => {
  expect(gatewayConfig({}).cdsOrigins).toEqual([]);
  const CDS_ORIGINS = 'https://ehr.example, http://localhost:8080';
  expect(gatewayConfig({ CDS_ORIGINS }).cdsOrigins).toEqual(['https://ehr.example', 'http://localhost:8080']);
  for (const bad of ['*', 'null', 'ehr.example', 'https://ehr.example/', 'https://*.example', 'https://a,,'])
    expect(() => gatewayConfig({ CDS_ORIGINS: bad }), bad).toThrow('CDS_ORIGINS');
});

test('pages of other origins may ask as our own do when they are named', () => {
  expect(gatewayConfig({}).allowedOrigins).toEqual([]);
  const ALLOWED_ORIGINS = 'https://ward.example,http://localhost:8080';
  expect(gatewayConfig({ ALLOWED_ORIGINS }).allowedOrigins).toEqual(ALLOWED_ORIGINS.split(','));
  for (const bad of ['*', 'null', 'ward.example'])
    expect(() => gatewayConfig({ ALLOWED_ORIGINS: bad }), bad).toThrow('ALLOWED_ORIGINS');
});

test('other hosts are asked for where callers are authenticated, or where it is said', () => {
  expect(gatewayConfig({}).loopbackOnly).toBe(true);
  expect(gatewayConfig({ HOST: '127.0.0.9' }).loopbackOnly).toBe(true);
  expect(gatewayConfig(AUTH).loopbackOnly).toBe(false);
  expect(gatewayConfig({ ALLOW_UNAUTHENTICATED: '1' }).loopbackOnly).toBe(false);
  expect(gatewayConfig({ HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: '1' }).loopbackOnly).toBe(false);
});
