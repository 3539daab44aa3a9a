import { createHash } from 'node:crypto';
import {
  chmodSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BASES, type BundleName, bundleFolder } from './served-bundle.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What the bundle was made of: when nothing of it changed, there is nothing to do. */
const STAMP = 'sources.sha256';
const MANIFEST = 'operations.json';
const MOST_TRIES = 10;

/** Bundles a page from the installed packages, each file gzipped; asks nothing of the network.
 *  @throws when Vite is not installed (`npm ci --omit=dev`), a source is faulty, or the folder cannot be written */
export async function bundleWeb(name: BundleName): Promise<'built' | 'up to date'> {
  const sources = digestOfSources(name);
  const folder = bundleFolder(name);
  if (stampOf(folder) === sources) return 'up to date';
  const { build } = await import('vite');
  // Built beside and put in its place when whole: a gateway that starts meanwhile never sees half of it.
  const fresh = mkdtempSync(`${folder}-`);
  try {
    await build({
      root: join(import.meta.dirname, name),
      configFile: false,
      base: BASES[name],
      logLevel: 'error',
      worker: { format: 'es' },
      build: {
        outDir: fresh,
        emptyOutDir: true,
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 10_000,
        reportCompressedSize: false,
        license: { fileName: 'licenses.md' },
      },
    });
    for (const file of readdirSync(fresh, { recursive: true, encoding: 'utf8' })) zip(join(fresh, file));
    // For a safelist; not zipped, so not served.
    if (name === 'page') {
      const { pageManifest } = await import('./page-manifest.ts');
      writeFileSync(join(fresh, MANIFEST), pageManifest());
    }
    writeFileSync(join(fresh, STAMP), sources);
    // A folder for temporary files is closed to other users: in a container the gateway runs as one.
    chmodSync(fresh, 0o755);
    putInPlace(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return 'built';
}

/** Several processes may do so at once. A folder is removed under a name that no other process knows. */
function putInPlace(fresh: string, folder: string): void {
  for (let tries = 1; ; tries += 1) {
    const old = `${fresh}-old`;
    try {
      renameSync(folder, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    rmSync(old, { recursive: true, force: true });
    try {
      renameSync(fresh, folder);
      return;
    } catch (error) {
      // Another process was faster.
      if (tries === MOST_TRIES) throw error;
    }
  }
}

function zip(path: string): void {
  if (!statSync(path).isFile()) return;
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
}

/** The lockfile stands for the packages. */
function digestOfSources(name: BundleName): string {
  const files = globSync(
    ['package-lock.json', 'gateway/web/{web-bundle,page-manifest}.ts', `gateway/web/${name}/**/*.*`],
    {
      cwd: ROOT,
    },
  );
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

function stampOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, STAMP), 'utf8');
  } catch {
    return undefined;
  }
}
