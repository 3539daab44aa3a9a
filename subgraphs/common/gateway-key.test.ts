import { sign, verify } from 'node:crypto';
import { copyFile, mkdir, mkdtempDisposable, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openGatewayKey, openGatewayPublicKey } from './gateway-key.ts';

const aFolder = () => mkdtempDisposable(join(tmpdir(), 'gateway-key-'));
const belong = (pair: Awaited<ReturnType<typeof openGatewayKey>>[]) => {
  const [secret, open] = pair;
  if (!secret || !open) throw new Error('Expected two keys');
  return verify(null, Buffer.from('x'), open, sign(null, Buffer.from('x'), secret));
};

test('services that start at once end up with one pair, and leave nothing else behind', async () => {
  await using folder = await aFolder();
  const keys = await Promise.all(
    Array.from({ length: 8 }, (_, i) => (i % 2 ? openGatewayPublicKey : openGatewayKey)(folder.path)),
  );
  for (let i = 0; i < 8; i += 2) expect(belong(keys.slice(i, i + 2))).toBe(true);
  expect((await readdir(join(folder.path, 'keys'))).sort()).toEqual(['gateway.key', 'gateway.pub']);
});

test('the pair stays the same, only its owner may read the secret half, and the open half grows again', async () => {
  await using folder = await aFolder();
  const secret = await openGatewayKey(folder.path);
  await openGatewayPublicKey(folder.path);
  expect((await stat(join(folder.path, 'keys/gateway.key'))).mode & 0o777).toBe(0o600);
  await rm(join(folder.path, 'keys/gateway.pub'));
  expect(belong([secret, await openGatewayPublicKey(folder.path)])).toBe(true);
  expect((await openGatewayKey(folder.path)).equals(secret)).toBe(true);
});

test('a subgraph that was given the open half alone needs no more', async () => {
  await using folder = await aFolder();
  await openGatewayPublicKey(folder.path);
  const apart = join(folder.path, 'apart');
  await mkdir(apart);
  await copyFile(join(folder.path, 'keys/gateway.pub'), join(apart, 'gateway.pub'));
  expect(belong([await openGatewayKey(folder.path), await openGatewayPublicKey('nowhere', apart)])).toBe(
    true,
  );
  expect(await readdir(apart)).toEqual(['gateway.pub']);
});
