import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelCard } from '../domain/classification.ts';

const metadata = z.object({
  name: z.string(),
  labels: z
    .array(z.object({ code: z.string(), display: z.string(), disease: z.boolean().default(true) }))
    .min(1),
  positiveThreshold: z.record(z.string(), z.number().min(0).max(1)),
  outlierThreshold: z.number().optional(),
});

export type ModelCards = {
  /** The card of a version; read once for as long as its files stay as they are, and kept when they go: what was asked
   *  of the version before is still to be answered. */
  card(version: string): Promise<ModelCard>;
  /** Versions that have a card, highest first. */
  versions(): Promise<string[]>;
};

/** Reads `<folder>/<name>/<version>/metadata.json` and takes the digest of the `model.onnx` beside it.
 *  TensorFlow Serving does not tell a model's labels, so they travel beside its weights. */
export function openModelCards(folder: string, name: string): ModelCards {
  const known = new Map<string, { readonly files: string; readonly card: Promise<ModelCard> }>();
  const root = join(folder, name);
  return {
    async card(version) {
      const at = join(root, version);
      const files = await filesOf(at);
      const read = known.get(version);
      if (read && (files === undefined || files === read.files)) return read.card;
      const made = { files: files ?? '', card: readCard(at, version) };
      known.set(version, made);
      made.card.catch(() => known.get(version) === made && known.delete(version));
      return made.card;
    },
    async versions() {
      const names = await readdir(root).catch(() => []);
      return names.filter((entry) => /^\d+$/.test(entry)).sort((a, b) => Number(b) - Number(a));
    },
  };
}

const METADATA = 'metadata.json';
const WEIGHTS = 'model.onnx';

/** Sizes and times of a version's files, which a copy under way changes; undefined when they are not there. */
async function filesOf(folder: string): Promise<string | undefined> {
  const [card, weights] = await Promise.all(
    [METADATA, WEIGHTS].map((file) => stat(join(folder, file)).catch(() => undefined)),
  );
  return card && [card, weights].map((file) => `${file?.ino} ${file?.size} ${file?.mtimeMs}`).join('\n');
}

async function readCard(folder: string, version: string): Promise<ModelCard> {
  const { name, labels, positiveThreshold, outlierThreshold } = metadata.parse(
    JSON.parse(await readFile(join(folder, METADATA), 'utf8')),
  );
  const weights = await readFile(join(folder, WEIGHTS)).catch(() => undefined);
  const digest = weights ? createHash('sha256').update(weights).digest('hex') : null;
  return {
    ...{ name, version, digest, labels, thresholds: positiveThreshold },
    ...(outlierThreshold !== undefined && { outlierThreshold }),
  };
}
