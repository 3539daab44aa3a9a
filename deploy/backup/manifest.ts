import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '#common/key-files.ts';

const FILE = 'backup.json';

const manifest = z.strictObject({
  format: z.literal(1),
  /** ISO 8601; what was acknowledged before this moment is in the backup. */
  startedAt: z.iso.datetime(),
  /** SHA-256 of each database, in hexadecimal digits. */
  databases: z.record(z.string().regex(/^[a-z]+\.sqlite$/), z.string().regex(/^[0-9a-f]{64}$/)),
  images: z.int().nonnegative(),
});

/** What makes a folder a whole backup: it is removed first and written last. */
export type Manifest = z.output<typeof manifest>;

export async function removeManifest(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  await syncFolder(folder);
}

export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  const temporary = join(folder, `${FILE}.new`);
  const file = await open(temporary, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(temporary, join(folder, FILE));
  await syncFolder(folder);
}

/** @throws Error when the folder holds no whole backup */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) throw new Error(`Expected a whole backup: there is no ${FILE} in it`);
  const { data, success } = manifest.safeParse(parsed(text));
  if (!success) throw new Error(`Expected a backup of format 1: its ${FILE} says otherwise`);
  return data;
}

export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
