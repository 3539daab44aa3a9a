import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './copied-files.ts';

export const MANIFEST = 'backup.json';

const manifest = z.strictObject({
  format: z.literal(2),
  /** ISO 8601; what was acknowledged before this moment is in the backup. */
  startedAt: z.iso.datetime(),
  /** The folder of the databases and of the list of images. */
  state: z.enum(['state-1', 'state-2']),
  /** SHA-256 of each file in it, in hexadecimal digits. */
  files: z.record(z.string().regex(/^([a-z]+\.sqlite|images)$/), z.string().regex(/^[0-9a-f]{64}$/)),
});

/** Names what belongs to the last whole backup. It is replaced as the last step of the next one, so that there is always
 *  one to restore. */
export type Manifest = z.output<typeof manifest>;

/** @throws Error, leaving the one before, when the content is one that could not be read again */
export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  await writeDurably(join(folder, MANIFEST), `${JSON.stringify(manifest.parse(content), null, 2)}\n`);
}

/** @throws Error when the folder holds no whole backup */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) throw new Error(`Expected a whole backup: there is no ${MANIFEST} in it`);
  const { data, success } = manifest.safeParse(parsed(text));
  if (!success) throw new Error(`Expected a backup of format 2: its ${MANIFEST} says otherwise`);
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
