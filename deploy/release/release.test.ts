import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { billOfMaterials } from './bill-of-materials.ts';
import { dependencies } from './dependencies.ts';
import { auditFindings, imageFindings, sbomFindings } from './findings.ts';
import { checkLicences, type LockedPackage } from './licences.ts';
import { deadLinks } from './links.ts';
import { lockfileFaults } from './lockfile.ts';
import { versionFaults } from './version.ts';

const folder = mkdtempSync(join(tmpdir(), 'radiograph-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

const integrity = 'sha512-abc';
const locked = (packages: Record<string, LockedPackage>) => ({ packages: { '': {}, ...packages } });

test('lockfile and licences of this repository are in order', () => {
  const { manifest, lockfile } = dependencies();
  expect(Object.keys(lockfile.packages).length).toBeGreaterThan(500);
  expect(lockfileFaults(manifest, lockfile)).toEqual([]);
  const { faults, notes } = checkLicences(lockfile);
  expect(faults).toEqual([]);
  expect(notes.map((note) => note.split(':')[0])).toEqual(['Elastic-2.0', 'LGPL-3.0-or-later']);
});

test('the links of this repository lead somewhere', () => {
  expect(deadLinks(join(import.meta.dirname, '../..'))).toEqual([]);
});

test.each<[string, LockedPackage, string[]]>([
  ['GPL', { license: 'GPL-3.0-only' }, ['a: GPL-3.0-only']],
  ['a name that says nothing', { license: 'SEE LICENSE IN x' }, ['a: SEE LICENSE IN x']],
  ['none', {}, ['a: none']],
  ['all of two, one of them GPL', { license: '(MIT AND GPL-3.0-only)' }, ['a: GPL-3.0-only']],
  ['Elastic of somebody else', { license: 'Elastic-2.0' }, ['a: Elastic-2.0']],
  ['one of two', { license: '(GPL-3.0-only OR MIT)' }, []],
  ['GPL of a tool that no release has', { license: 'GPL-3.0-only', dev: true }, []],
  [
    'GPL that comes with an optional package',
    { license: 'GPL-3.0-only', optional: true },
    ['a: GPL-3.0-only'],
  ],
])('of a package under %s the check says so', (_what, one, faults) => {
  expect(checkLicences(locked({ 'node_modules/b/node_modules/a': one })).faults).toEqual(faults);
});

test.each<[string, Record<string, string>, LockedPackage, RegExp | undefined]>([
  ['locked', { a: '1.2.3' }, { version: '1.2.3', integrity }, undefined],
  ['a range', { a: '^1.2.3' }, { version: '1.2.3', integrity }, /no exact version/],
  ['another version than was wanted', { a: '1.2.4' }, { version: '1.2.3', integrity }, /another version/],
  ['without a digest', { a: '1.2.3' }, { version: '1.2.3' }, /no SHA-512/],
  ['with a weak digest', { a: '1.2.3' }, { version: '1.2.3', integrity: 'sha1-abc' }, /no SHA-512/],
  [
    'from a place of its own',
    { a: '1.2.3' },
    { version: '1.2.3', integrity, resolved: 'x' },
    /place of its own/,
  ],
])('a package that is %s: %s', (_what, wanted, one, fault) => {
  const faults = lockfileFaults({ dependencies: wanted }, locked({ 'node_modules/a': one }));
  if (fault === undefined) expect(faults).toEqual([]);
  else expect(faults.join()).toMatch(fault);
});

const LOG = '# Changes\n\n## 1.2.3 - 2026-11-27\n\n- x\n\n## 1.2.2 - 2026-11-01\n';
test.each<[string, Parameters<typeof versionFaults>, RegExp | undefined]>([
  ['all agree', ['1.2.3', '1.2.3', ['v1.2.3'], LOG], undefined],
  ['there is no tag', ['1.2.3', '1.2.3', [], LOG], /no tag v1\.2\.3/],
  ['the tag is another', ['1.2.3', '1.2.3', ['v1.2.4'], LOG], /but v1\.2\.4/],
  ['the lockfile is behind', ['1.2.3', '1.2.2', ['v1.2.3'], LOG], /package-lock\.json says 1\.2\.2/],
  ['the log is behind', ['1.2.4', '1.2.4', ['v1.2.4'], LOG], /begins with 1\.2\.3/],
  [
    'changes are unreleased',
    ['1.2.3', '1.2.3', ['v1.2.3'], `## Unreleased\n\n${LOG}`],
    /begins with Unreleased/,
  ],
  ['the log has no date', ['1.2.3', '1.2.3', ['v1.2.3'], '## 1.2.3\n'], /no date/],
])('of a version it is said that %s', (_what, given, fault) => {
  const faults = versionFaults(...given);
  if (fault === undefined) expect(faults).toEqual([]);
  else expect(faults.join()).toMatch(fault);
});

test('dead links are found: files, headings, folders that are not ours; code and other hosts are left alone', () => {
  const files = {
    'README.md': `# Top of it\n[a](docs/a.md) [b](docs/gone.md) [c](docs/a.md#two-words) [d](docs/a.md#no)
[e](#top-of-it) [f](#gone) [g](https://example.com/gone) [h](../outside.md) [i](docs) \`[j](gone.md)\`
\`\`\`md\n[k](gone.md)\n\`\`\`\n`,
    'docs/a.md': '## Two words!\n[up](../README.md) [down](a/b.md)\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  expect(deadLinks(folder)).toEqual([
    'README.md: docs/gone.md',
    'README.md: docs/a.md#no',
    'README.md: #gone',
    'README.md: ../outside.md',
    'docs/a.md: a/b.md',
  ]);
});

test('known vulnerabilities hold a release back from high on, and an audit that was not done is told', () => {
  const audit = (vulnerabilities: object) => auditFindings(JSON.stringify({ metadata: { vulnerabilities } }));
  expect(audit({ low: 0, moderate: 0, high: 0, critical: 0 })).toEqual({ faults: [] });
  expect(audit({ low: 1, moderate: 2, high: 0 })).toMatchObject({
    faults: [],
    notes: [expect.stringContaining('3')],
  });
  expect(audit({ high: 2, critical: 1 }).faults).toHaveLength(2);
  for (const written of ['', 'no JSON', '{"message":"request failed"}'])
    expect(auditFindings(written)).toMatchObject({ faults: [], notDone: expect.any(String) });
});

test('the bill of materials of this repository has every dependency of a release, and no tool', async () => {
  const { manifest, lockfile } = dependencies();
  const written = await billOfMaterials();
  const { faults, notes } = sbomFindings(written, manifest.dependencies ?? {});
  expect(faults).toEqual([]);
  expect(Number(notes?.[0]?.split(' ')[0])).toBeGreaterThan(200);
  expect(written).toContain('pkg:npm/graphql@');
  expect(written).not.toContain('pkg:npm/vitest@');
  expect(lockfile.packages['node_modules/vitest']).toBeDefined();
});

test('a bill of materials names every dependency in its version', () => {
  const components = [
    { name: 'a', version: '1.0.0' },
    { group: '@b', name: 'c', version: '2.0.0' },
  ];
  const sbom = JSON.stringify({ bomFormat: 'CycloneDX', components });
  expect(sbomFindings(sbom, { a: '1.0.0', '@b/c': '2.0.0' }).faults).toEqual([]);
  expect(sbomFindings(sbom, { a: '1.0.1', d: '1.0.0' }).faults).toHaveLength(2);
  for (const written of ['', '{}', '{"bomFormat":"SPDX"}'])
    expect(sbomFindings(written, {}).faults).toHaveLength(1);
});

test.each<[string, string, number]>([
  ['pinned, not as root', 'FROM node:24.21.0-slim AS a\nFROM a\nUSER node\n', 0],
  ['a base by its variable', 'ARG A=node:24.21.0-slim\nFROM $A AS a\nFROM $A\nUSER 1000:1000\n', 0],
  ['a floating base by its variable', 'ARG A=node:24\nFROM $A\nUSER 1000\n', 1],
  ['a floating base', 'FROM node:24 AS a\nFROM a\nUSER node\n', 1],
  ['a base without a tag', 'FROM node\nUSER node\n', 1],
  ['a digest', `FROM --platform=linux/amd64 node@sha256:${'a'.repeat(64)}\nUSER 1000\n`, 0],
  ['root', 'FROM node:24.21.0\n', 1],
])('of an image recipe with %s: %s', (_what, recipe, faults) => {
  expect(imageFindings(recipe).faults).toHaveLength(faults);
});
