import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localConfig } from './services.ts';

const servicesOf = (env: NodeJS.ProcessEnv) => localConfig(env).groups.flat();

test.each([
  [undefined, 'http://localhost:4000', 'http://127.0.0.1:4000/readyz'],
  ['0.0.0.0', 'http://localhost:4000', 'http://127.0.0.1:4000/readyz'],
  ['::', 'http://localhost:4000', 'http://127.0.0.1:4000/readyz'],
  ['192.0.2.7', 'http://192.0.2.7:4000', 'http://192.0.2.7:4000/readyz'],
  ['2001:db8::7', 'http://[2001:db8::7]:4000', 'http://[2001:db8::7]:4000/readyz'],
  ['radiograph.example', 'http://radiograph.example:4000', 'http://radiograph.example:4000/readyz'],
])(
  'with HOST %s the gateway is found where it listens, and the others stay on loopback',
  (HOST, url, ready) => {
    const env = HOST === undefined ? {} : { HOST };
    expect(localConfig(env).gatewayUrl).toBe(url);
    const services = servicesOf(env);
    const gateway = services.find(({ name }) => name === 'gateway');
    expect([gateway?.readyUrl, gateway?.env.HOST]).toEqual([ready, HOST]);
    const behind = services.filter((service) => service !== gateway);
    expect(behind).toHaveLength(4);
    for (const { env: own, readyUrl } of behind)
      expect([own.HOST, new URL(readyUrl).hostname]).toEqual(['127.0.0.1', '127.0.0.1']);
  },
);

test('settings in files are read, and handed to the gateway alone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'settings-'));
  const [HOST_FILE, DRAIN_DELAY_MS_FILE] = ['host', 'delay'].map((name) => join(folder.path, name));
  writeFileSync(String(HOST_FILE), '192.0.2.7\n');
  writeFileSync(String(DRAIN_DELAY_MS_FILE), '4000\n');
  const files = { HOST_FILE, DRAIN_DELAY_MS_FILE };
  expect(localConfig(files).gatewayUrl).toBe('http://192.0.2.7:4000');
  for (const { name, env, killAfterMs } of servicesOf(files)) {
    expect(env).toEqual(name === 'gateway' ? files : { HOST: '127.0.0.1', DRAIN_DELAY_MS: '0' });
    expect(killAfterMs).toBe(name === 'gateway' ? 24_000 : 20_000);
  }
});

test('the gateway has time for its drain delay, and systemd waits for the sum of all', () => {
  const services = servicesOf({ DRAIN_DELAY_MS: '60000' });
  for (const { name, env, killAfterMs } of services)
    expect([env.DRAIN_DELAY_MS, killAfterMs]).toEqual(name === 'gateway' ? ['60000', 80_000] : ['0', 20_000]);
  const unit = readFileSync(join(import.meta.dirname, '../systemd/radiograph.service'), 'utf8');
  const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
  const longest = services.reduce((sum, { killAfterMs }) => sum + killAfterMs, 0);
  expect(Number(seconds) * 1_000).toBeGreaterThan(longest);
});
