import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '#common/testing/programs.ts';

const ROOT = join(import.meta.dirname, '../..');
const UNIT = readFileSync(join(import.meta.dirname, 'radiograph.service'), 'utf8');
const analyse = program('systemd-analyze');
if (!analyse) console.warn('SKIPPED: the unit is not verified, since there is no systemd-analyze');

test.runIf(analyse)('systemd finds no fault in the unit, and finds one that is planted', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'unit-'));
  const path = join(folder.path, 'radiograph.service');
  const faultsOf = (unit: string) => {
    // Where this checkout is, and an account that every machine has.
    writeFileSync(path, unit.replaceAll('/opt/radiograph', ROOT).replace('User=radiograph', 'User=daemon'));
    return execFileSync(analyse ?? '', ['verify', '--man=no', path], { encoding: 'utf8', stdio: 'pipe' });
  };
  expect(faultsOf(UNIT)).toBe('');
  expect(() => faultsOf(UNIT.replace('/node_modules/.bin/node', '/node'))).toThrow();
});

test('the unit starts what `npm start` does', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(UNIT).toContain(`ExecStart=/opt/radiograph/node_modules/.bin/${scripts.start}\n`);
});
