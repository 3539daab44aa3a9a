import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

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

test.each([
  [['--scenario', 'none'], 'Expected --scenario as one of uploads, '],
  [['--size', 'large'], 'Expected --size as WIDTHxHEIGHT'],
  [['--count', '0'], 'Expected --count as a whole number above 0'],
  [['--rate', '0'], 'Expected --rate as a number above 0'],
])('%j is refused in words', async (options, message) => {
  await expect(loadtest(...options)).rejects.toThrow(message);
});
