import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLicences, type Lockfile } from './licences.ts';
import { lockfileFaults, type Manifest } from './lockfile.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What this folder depends on, as its two files say. */
export function dependencies(): { manifest: Manifest; lockfile: Lockfile } {
  const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
  return { manifest: read('package.json') as Manifest, lockfile: read('package-lock.json') as Lockfile };
}

// By itself where nothing is installed: a workflow runs it.
if (import.meta.main) {
  const { manifest, lockfile } = dependencies();
  const { faults, notes } = checkLicences(lockfile);
  const all = [...lockfileFaults(manifest, lockfile), ...faults];
  for (const line of [...notes, ...all]) console.log(line);
  console.log(all.length === 0 ? 'Lockfile and licences are in order' : `${all.length} faults`);
  process.exitCode = all.length === 0 ? 0 : 1;
}
