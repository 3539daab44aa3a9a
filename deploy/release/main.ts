import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.ts';
import { dependencies } from './dependencies.ts';
import { auditFindings, type Findings, imageFindings, sbomFindings } from './findings.ts';
import { checkLicences } from './licences.ts';
import { deadLinks } from './links.ts';
import { lockfileFaults } from './lockfile.ts';
import { versionFaults } from './version.ts';

const ROOT = join(import.meta.dirname, '../..');
const SBOM = 'release/sbom.cdx.json';
const RECIPES = ['deploy/docker/Dockerfile', 'docker-compose.yml', '.dockerignore'];

const { manifest, lockfile } = dependencies();
const { version = 'none' } = manifest;
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

/** In the order in which a fault costs least time to find. */
const CHECKS: readonly [what: string, check: () => Findings | Promise<Findings>][] = [
  [
    'working tree',
    async () => ({
      faults: lines((await run('git', 'status', '--porcelain')).stdout).map(
        (line) => `Not committed: ${line}`,
      ),
    }),
  ],
  [
    `version ${version}`,
    async () => {
      const tags = lines((await run('git', 'tag', '--points-at', 'HEAD')).stdout);
      return { faults: versionFaults(version, lockfile.version, tags, read('CHANGELOG.md')) };
    },
  ],
  ['lockfile', () => ({ faults: lockfileFaults(manifest, lockfile) })],
  ['licences', () => checkLicences(lockfile)],
  ['image recipe', () => present(RECIPES) ?? imageFindings(read('deploy/docker/Dockerfile'))],
  ['links of the docs', () => ({ faults: deadLinks(ROOT), notes: ['addresses of others were not asked'] })],
  [
    'known vulnerabilities',
    async () =>
      auditFindings((await run('npm', 'audit', '--omit=dev', '--audit-level=high', '--json')).stdout),
  ],
  [
    'bill of materials',
    async () => {
      const text = await billOfMaterials();
      mkdirSync(join(ROOT, 'release'), { recursive: true });
      writeFileSync(join(ROOT, SBOM), text);
      const { faults, notes = [] } = sbomFindings(text, manifest.dependencies ?? {});
      return { faults, notes: [`${SBOM}: ${notes.join()}`] };
    },
  ],
  [
    'npm run check',
    async () => {
      const { failed, stdout, stderr } = await run('npm', 'run', 'check');
      return { faults: failed ? lines(stdout + stderr).slice(-20) : [] };
    },
  ],
];

const results: Findings[] = [];
for (const [what, check] of CHECKS) {
  const findings = await check();
  const { faults, notDone, notes = [] } = findings;
  console.log(
    `${faults.length > 0 ? 'FAULT   ' : notDone ? 'NOT DONE' : 'ok      '} ${what}${notDone ? `: ${notDone}` : ''}`,
  );
  for (const line of [...faults, ...notes]) console.log(`           ${line}`);
  results.push(findings);
}
const faulty = results.filter(({ faults }) => faults.length > 0).length;
const missing = results.filter(({ notDone }) => notDone).length;
if (missing > 0) console.log(`\n${missing} of the checks NOT DONE: do them before the release goes out`);
console.log(
  faulty === 0
    ? `\nRelease ${version} may go out`
    : `\nRelease ${version} may not go out: ${faulty} of ${CHECKS.length} checks found faults`,
);
process.exitCode = faulty === 0 ? 0 : 1;

/** The findings where a file is missing. */
function present(names: readonly string[]): Findings | undefined {
  const missing = names.filter((name) => {
    try {
      return read(name).length === 0;
    } catch {
      return true;
    }
  });
  return missing.length > 0 ? { faults: missing.map((name) => `${name} is missing`) } : undefined;
}

type Ran = { readonly failed: boolean; readonly stdout: string; readonly stderr: string };

function run(command: string, ...args: string[]): Promise<Ran> {
  const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr }),
    );
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
