import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
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
  /** The card of a version; read once, since a published version never changes. */
  card(version: string): Promise<ModelCard>;
  /** Versions that have a card, highest first. */
  versions(): Promise<string[]>;
};

/** Reads `<folder>/<name>/<version>/metadata.json` and takes the digest of the `model.onnx` beside it.
 *  TensorFlow Serving does not tell a model's labels, so they travel beside its weights. */
export function openModelCards(folder: string, name: string): ModelCards {
  const known = new Map<string, Promise<ModelCard>>();
  const root = join(folder, name);
  return {
    card(version) {
      const card = known.get(version) ?? readCard(join(root, version), version);
      known.set(version, card);
      card.catch(() => known.delete(version));
      return card;
    },
    async versions() {
      const names = await readdir(root).catch(() => []);
      return names.filter((entry) => /^\d+$/.test(entry)).sort((a, b) => Number(b) - Number(a));
    },
  };
}

async function readCard(folder: string, version: string): Promise<ModelCard> {
  const { name, labels, positiveThreshold, outlierThreshold } = metadata.parse(
    JSON.parse(await readFile(join(folder, 'metadata.json'), 'utf8')),
  );
  const weights = await readFile(join(folder, 'model.onnx')).catch(() => undefined);
  const digest = weights ? createHash('sha256').update(weights).digest('hex') : null;
  return {
    ...{ name, version, digest, labels, thresholds: positiveThreshold },
    ...(outlierThreshold !== undefined && { outlierThreshold }),
  };
}
