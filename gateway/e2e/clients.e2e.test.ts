import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { picture, type System, startSystem } from './system.ts';

const LOADTEST = join(import.meta.dirname, '../../loadtest');
const run = promisify(execFile);

let system: System;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clients-'));
  system = await startSystem();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await system[Symbol.asyncDispose]();
});

const node = (script: string, ...args: string[]) =>
  run(process.execPath, [join(LOADTEST, script), '--url', system.url, '--out', folder, ...args]);

test('the demo reads the phantom: finding, probabilities, heatmap file and ICU risk', async () => {
  const { stdout, stderr } = await node('demo.ts');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/decision\s+(POSITIVE|NEGATIVE|INDETERMINATE)/);
  expect(stdout.match(/\d+\.\d %$/gm)?.length).toBeGreaterThanOrEqual(3);
  expect(stdout).toMatch(/ICU risk\s+\d+\.\d % for patient 7/);
  expect(stdout).toContain('Not for clinical use');
  const { width, height, format } = await sharp(readFileSync(join(folder, 'phantom-heatmap.jpg'))).metadata();
  expect({ width, height, format }).toEqual({ width: 512, height: 512, format: 'jpeg' });
});

test('the demo reads the good ones of several files, names the bad one, and ends with a failure', async () => {
  const [good, bad] = [join(folder, 'good.png'), join(folder, 'bad.png')];
  writeFileSync(good, await picture('png', 51));
  writeFileSync(bad, 'no picture');
  const failed = await node('demo.ts', bad, good).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toContain('bad.png: UNSUPPORTED_IMAGE');
  expect(failed.stdout).toContain('good.png: SUCCEEDED');
});

test('without a server the demo says what to do', async () => {
  const wrong = run(process.execPath, [join(LOADTEST, 'demo.ts'), '--url', 'http://127.0.0.1:9']);
  await expect(wrong).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('npm start') });
});

test('the load test measures 20 uploads at once without a fault, the second time from the cache', async () => {
  await node('loadtest.ts', '--count', '20', '--rate', 'all', '--size', '300x240');
  const text = readFileSync(join(folder, 'uploads.md'), 'utf8');
  expect(text).toMatch(/\| cold \| 20 \| .* \| none \|\n\| warm \| 20 \| .* \| none \|/);
});
