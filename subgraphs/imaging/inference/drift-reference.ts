import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How values lay where the model was validated: the upper edges of all bins but the last, ascending, and the share of
 *  the values in each bin, which sum to 1. */
export type Distribution = { readonly edges: readonly number[]; readonly shares: readonly number[] };

const distribution = z
  .object({ edges: z.array(z.number()).min(1), shares: z.array(z.number().positive()) })
  .refine(({ edges, shares }) => shares.length === edges.length + 1, 'expected one share more than edges');

const reference = z.object({
  /** SHA-256 of the weights that gave the scores. */
  digest: z.string(),
  images: z.number().int().positive(),
  inputs: z.record(z.string(), distribution),
  scores: z.record(z.string(), distribution),
});

export type DriftReference = {
  readonly digest: string;
  readonly images: number;
  readonly inputs: Readonly<Record<string, Distribution>>;
  readonly scores: Readonly<Record<string, Distribution>>;
};

export const REFERENCE = 'reference.json';

/** Reads `<folder>/<name>/<version>/reference.json`; undefined where there is none, or where it is of other weights.
 *  @throws Error when it cannot be understood */
export async function driftReference(
  folder: string,
  {
    name,
    version,
    digest,
  }: { readonly name: string; readonly version: string; readonly digest: string | null },
): Promise<DriftReference | undefined> {
  const text = await readFile(join(folder, name, version, REFERENCE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const read = reference.parse(JSON.parse(text));
  return read.digest === digest ? read : undefined;
}

/** The bins of a distribution by their upper edges, as labels. */
export function binLabels({ edges }: Pick<Distribution, 'edges'>): string[] {
  return [...edges.map(String), '+Inf'];
}

/** The bin that a value belongs to; one that is not a number belongs to the last. */
export function binOf({ edges }: Pick<Distribution, 'edges'>, value: number): number {
  const found = edges.findIndex((edge) => value <= edge);
  return found === -1 ? edges.length : found;
}

/** Counts values in bins. Half an image is added to each, so that no bin is impossible. */
export function distributionOf(edges: readonly number[], values: readonly number[]): Distribution {
  const counts = Array.from({ length: edges.length + 1 }, () => 0.5);
  for (const value of values) {
    const bin = binOf({ edges }, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const sum = counts.reduce((total, count) => total + count, 0);
  return { edges: [...edges], shares: counts.map((count) => Number((count / sum).toFixed(5))) };
}
