import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { REDIS_SERVER } from './own-redis.ts';

const MAIN = join(import.meta.dirname, 'loadtest.ts');

async function loadtest(...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...options], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout;
}

test('a load on a system of its own is answered without faults and told in a page and a table', async () => {
  const out = mkdtempSync(join(tmpdir(), 'loadtest-'));
  await loadtest(
    '--scenario',
    'classify',
    '--start',
    '--seconds',
    '1',
    '--clients',
    '2',
    '--size',
    '300x200',
    '--out',
    out,
  );
  const text = readFileSync(join(out, 'classify.md'), 'utf8');
  expect(text).toMatch(/\| cold \| [1-9]\d* \|.*\| none \|/);
  expect(text).toMatch(/\| warm \| [1-9]\d* \|.*\| none \|/);
  // What the services told of their batches while it ran.
  expect(text).toMatch(/\| cold \| serving \| serving_batch_size \| [1-9]\d* \|/);
  expect(readFileSync(join(out, 'classify.html'), 'utf8')).toContain('serving_batch_size');
  rmSync(out, { recursive: true });
}, 120_000);

const hasRedis = spawnSync(REDIS_SERVER, ['--version']).status === 0;
if (!hasRedis) console.warn('skipped: there is no redis-server on this machine');

test.skipIf(!hasRedis)(
  'with a faulty cache every request is answered as before, and the cache is used again',
  async () => {
    const out = mkdtempSync(join(tmpdir(), 'loadtest-'));
    const options = ['--seconds', '2', '--rounds', '1', '--size', '300x200', '--out', out];
    // A phase may be slower than it should be on a busy machine; that is told, and no fault of the driver.
    await loadtest('--scenario', 'cache-faults', ...options).catch(() => undefined);
    const text = readFileSync(join(out, 'cache-faults.md'), 'utf8');
    const phases = ['healthy', 'killed', 'black-holed', 'slow', 'full', 'healthy again'];
    for (const phase of phases)
      expect(text).toMatch(new RegExp(`\\| ${phase} \\| 12 \\| 0 \\| 0 \\|.*\\d \\|`));
    // Look-ups: hit, miss, error, resting. Writes: stored, error, resting.
    expect(text).toMatch(/\| healthy \| [1-9]\d* \| [1-9]\d* \| \d+ \| \d+ \| [1-9]\d* \|/);
    for (const phase of ['killed', 'black-holed', 'slow'])
      expect(text).toMatch(new RegExp(`\\| ${phase} \\| 0 \\| 0 \\| [1-9]\\d* \\|`));
    expect(text).toMatch(/\| full \| [1-9]\d* \| [1-9]\d* \| \d+ \| \d+ \| \d+ \| [1-9]\d* \|/);
    expect(text).toMatch(/\| healthy again \| [1-9]\d* \| [1-9]\d* \|/);
    rmSync(out, { recursive: true });
  },
  180_000,
);

test.each([
  [['--scenario', 'none'], 'Expected --scenario as one of uploads, '],
  [['--size', 'large'], 'Expected --size as WIDTHxHEIGHT'],
  [['--count', '0'], 'Expected --count as a whole number above 0'],
  [['--rate', '0'], 'Expected --rate as a number above 0'],
])('%j is refused in words', async (options, message) => {
  await expect(loadtest(...options)).rejects.toThrow(message);
});
