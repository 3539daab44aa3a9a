import { lstatSync, mkdtempDisposableSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage } from '../testing/image-build.ts';

/** Carries out the Dockerfile without an engine, every step from the beginning, and says how large its result is. */
using folder = mkdtempDisposableSync(join(tmpdir(), 'image-'));
const { root, base } = await buildImage({ folder: folder.path });
const app = join(root, 'app');

console.log(`What the image adds to ${base}: ${megabytes(app)} MB`);
for (const name of readdirSync(app).filter((one) => Number(megabytes(join(app, one))) >= 1))
  console.log(`  ${name}: ${megabytes(join(app, name))} MB`);

function megabytes(path: string): string {
  return (bytesOf(path) / 1e6).toFixed(0);
}

function bytesOf(path: string): number {
  const { size } = lstatSync(path);
  if (!lstatSync(path).isDirectory()) return size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
