import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { ANONYMOUS, type Caller } from './caller.ts';
import { internalTokens, tokenCheck } from './internal-token.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const nurse: Caller = {
  subject: 'nurse',
  scopes: new Set(['patient:read']),
  until: Number.POSITIVE_INFINITY,
};
const check = tokenCheck(publicKey, 'imaging');
const refused = { code: 'UNAUTHENTICATED', message: 'Only the gateway is answered here' };

afterEach(() => {
  vi.useRealTimers();
});

test('a token tells who asks and what they may do, for 60 seconds', async () => {
  const token = await internalTokens(privateKey)(nurse, 'imaging');
  const caller = await check(`Bearer ${token}`);
  expect(caller).toMatchObject({ subject: 'nurse', scopes: new Set(['patient:read']) });
  expect(caller.until - Date.now()).toBeGreaterThan(55_000);
  expect(caller.until - Date.now()).toBeLessThanOrEqual(61_000);
});

test('where nobody is authenticated, everything is allowed; no scopes at all is something else', async () => {
  const sign = internalTokens(privateKey);
  expect((await check(`Bearer ${await sign(ANONYMOUS, 'imaging')}`)).scopes).toBe('all');
  const nobody = { ...nurse, scopes: new Set<string>() };
  expect((await check(`Bearer ${await sign(nobody, 'imaging')}`)).scopes).toEqual(new Set());
});

test('a token is used again for half a minute, and not for another caller or subgraph', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const sign = internalTokens(privateKey);
  const first = await sign(nurse, 'imaging');
  expect(await sign({ ...nurse }, 'imaging')).toBe(first);
  expect(decodeJwt(await sign(nurse, 'icu')).aud).toBe('icu');
  expect(decodeJwt(await sign({ ...nurse, subject: 'doctor' }, 'imaging')).sub).toBe('doctor');
  expect(decodeJwt(await sign({ ...nurse, scopes: new Set(['x']) }, 'imaging')).scope).toBe('x');
  vi.advanceTimersByTime(31_000);
  expect(await sign(nurse, 'imaging')).not.toBe(first);
});

test('a token that has run out is refused, although it was known', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const token = await internalTokens(privateKey)(nurse, 'imaging');
  await check(`Bearer ${token}`);
  vi.advanceTimersByTime(62_000);
  await expect(check(`Bearer ${token}`)).rejects.toMatchObject(refused);
});

const signed = (claims: object, key = privateKey, header: object = {}) =>
  new SignJWT({
    iss: 'radiograph-gateway',
    aud: 'imaging',
    sub: 'nurse',
    exp: Date.now() / 1000 + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', ...header })
    .sign(key);
const unsigned = (claims: object) =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

test.each([
  ['no header', async () => undefined],
  ['another scheme', async () => `Basic ${await signed({})}`],
  ['junk', async () => 'Bearer a.b.c'],
  ['another subgraph', async () => `Bearer ${await signed({ aud: 'icu' })}`],
  ['another issuer', async () => `Bearer ${await signed({ iss: 'somebody' })}`],
  ['another key', async () => `Bearer ${await signed({}, generateKeyPairSync('ed25519').privateKey)}`],
  ['no subject', async () => `Bearer ${await signed({ sub: undefined })}`],
  ['no end', async () => `Bearer ${await signed({ exp: undefined })}`],
  ['no signature', async () => `Bearer ${unsigned({ iss: 'radiograph-gateway', aud: 'imaging', sub: 'n' })}`],
])('refused: %s', async (_name, authorization) => {
  await expect(check(await authorization())).rejects.toMatchObject(refused);
});

test('one changed letter is refused', async () => {
  const token = await internalTokens(privateKey)(nurse, 'imaging');
  const at = token.indexOf('.') + 9;
  const other = token[at] === 'A' ? 'B' : 'A';
  const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
  await expect(check(`Bearer ${changed}`)).rejects.toMatchObject(refused);
});
