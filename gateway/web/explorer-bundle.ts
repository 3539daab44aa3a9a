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
import { EXPLORER_FOLDER } from './explorer-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = join(import.meta.dirname, 'explorer');
/** What the bundle was made of: when nothing of it changed, there is nothing to do. */
const STAMP = 'sources.sha256';

/** Bundles the explorer from the installed packages, each file gzipped; asks nothing of the network.
 *  @throws when Vite is not installed (`npm ci --omit=dev`), a source is faulty, or the folder cannot be written */
export async function bundleExplorer(): Promise<'built' | 'up to date'> {
  const sources = digestOfSources();
  if (stampOf(EXPLORER_FOLDER) === sources) return 'up to date';
  const { build } = await import('vite');
  // Built beside and put in its place when whole: a gateway that starts meanwhile never sees half of it.
  const fresh = mkdtempSync(`${EXPLORER_FOLDER}-`);
  try {
    await build({
      root: SOURCE,
      configFile: false,
      base: '/explorer/',
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
    for (const name of readdirSync(fresh, { recursive: true, encoding: 'utf8' })) zip(join(fresh, name));
    writeFileSync(join(fresh, STAMP), sources);
    // A folder for temporary files is closed to other users: in a container the gateway runs as one.
    chmodSync(fresh, 0o755);
    rmSync(EXPLORER_FOLDER, { recursive: true, force: true });
    renameSync(fresh, EXPLORER_FOLDER);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return 'built';
}

function zip(path: string): void {
  if (!statSync(path).isFile()) return;
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
}

/** The lockfile stands for the packages. */
function digestOfSources(): string {
  const files = globSync(
    ['package-lock.json', 'gateway/web/explorer-bundle.ts', 'gateway/web/explorer/**/*.*'],
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
