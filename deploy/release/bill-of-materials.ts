import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dependencies } from './dependencies.ts';

/** The CycloneDX document of what a release installs, as text. `npm sbom --omit dev` leaves out what a tool of ours needs too,
 *  such as graphql (npm 11.19); so npm is shown a folder whose two files know nothing of tools.
 *  @throws when npm finds the lockfile wanting */
export async function billOfMaterials(): Promise<string> {
  const { manifest, lockfile } = dependencies();
  const { devDependencies: _tools, ...released } = manifest;
  const { devDependencies: _locked, ...root } = (lockfile.packages[''] ?? {}) as typeof manifest;
  const packages = Object.entries(lockfile.packages).filter(([path, { dev }]) => path !== '' && !dev);
  const locked = { ...lockfile, packages: { '': root, ...Object.fromEntries(packages) } };
  const folder = mkdtempSync(join(tmpdir(), 'radiograph-sbom-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(released));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(locked));
    const told = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
    const { stdout } = await promisify(execFile)('npm', told, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// By itself where nothing is installed: a workflow runs it.
if (import.meta.main) process.stdout.write(await billOfMaterials());
