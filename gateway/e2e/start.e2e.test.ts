import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import { startInstallation } from './installation.ts';
import { ask } from './system.ts';

const START = join(import.meta.dirname, '../../deploy/local/start.ts');
const QUERY = '{ patient(id: "7") { icuRisk { probability } } }';
const WHOLE = { data: { patient: { icuRisk: { probability: expect.any(Number) } } } };

test('a second start on the same ports ends with the reason, and the first goes on', {
  timeout: 60_000,
}, async () => {
  await using first = await startInstallation();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'second-start-'));
  const second = spawn(process.execPath, [START], {
    env: { ...process.env, NODE_ENV: '', ...first.settings, DATA_DIR: folder.path, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, faults] = await Promise.all([text(second.stdout), text(second.stderr), once(second, 'exit')]);
  expect({ out, code: second.exitCode }).toEqual({ out: '', code: 1 });
  expect(faults).toMatch(
    /^port \d+ is taken .*\. Waiting for it for 20 s\nRadiograph cannot start: port \d+ is taken \(is Radiograph running already\?\); \w+_PORT /,
  );
  expect(await ask(first.url, QUERY)).toMatchObject(WHOLE);
});

// Other systems have no second address of loopback.
test.runIf(process.platform === 'linux')(
  'HOST is where the gateway listens, and the others are found on loopback',
  { timeout: 60_000 },
  async () => {
    await using system = await startInstallation({ HOST: '127.0.0.2' });
    expect(new URL(system.url).hostname).toBe('127.0.0.2');
    expect(await ask(system.url, QUERY)).toMatchObject(WHOLE);
    await expect(fetch(`http://127.0.0.1:${system.settings.PORT}/readyz`)).rejects.toThrow('fetch failed');
    await expect(fetch(`http://127.0.0.2:${system.settings.ICU_PORT}/readyz`)).rejects.toThrow(
      'fetch failed',
    );
  },
);

test('asked to stop while it starts, it starts nothing more and ends with 0', {
  timeout: 60_000,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'stopped-start-'));
  const names = [
    'PORT',
    'IMAGING_PORT',
    'HEATMAP_PORT',
    'ICU_PORT',
    'SERVING_GRPC_PORT',
    'SERVING_REST_PORT',
  ];
  const ports = await Promise.all(names.map(freePort));
  const settings = Object.fromEntries(names.map((name, i) => [name, String(ports[i])]));
  const starting = spawn(process.execPath, [START], {
    env: { ...process.env, NODE_ENV: '', ...settings, DATA_DIR: folder.path, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: starting.stdout })) {
    if (lines.push(line) === 1) starting.kill('SIGTERM');
  }
  if (starting.exitCode === null) await once(starting, 'exit');
  expect(starting.exitCode).toBe(0);
  expect(lines.filter((line) => /Radiograph is ready|"service":"gateway"/.test(line))).toEqual([]);
});
