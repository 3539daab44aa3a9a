import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RadiographError } from '#common/errors.ts';

const manifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
});

/** As Apollo's clients send it: `extensions.persistedQuery.sha256Hash` holds the id of a manifest too. */
const persistedQuery = z.object({ persistedQuery: z.object({ sha256Hash: z.string() }) });

export type NamedOperation = { readonly query?: unknown; readonly extensions?: unknown };

export type PersistedOperations = {
  /** Whether nothing else is answered. */
  readonly safelist: boolean;
  /** @returns the operation that a request names or holds; undefined when it names one that is not known, which
   *  automatic persisted queries may still answer @throws FORBIDDEN for one that the safelist does not hold */
  bodyOf(request: NamedOperation): string | undefined;
};

/** Reads persisted query manifests in Apollo's format (version 1). The answers to "may this run" are exact: the body
 *  of an operation counts as known letter by letter.
 *  @param place a manifest, or a folder in which each file that ends in .json is one
 *  @throws Error for a manifest that is none, or an id that stands for two operations */
export function persistedOperations(place: string | undefined, safelist: boolean): PersistedOperations {
  const bodies = new Map<string, string>();
  for (const file of place === undefined ? [] : manifestsAt(place)) {
    const read = manifest.safeParse(parsed(file));
    if (!read.success)
      throw new Error(`PERSISTED_OPERATIONS: not a manifest of version 1:\n${z.prettifyError(read.error)}`);
    for (const { id, body } of read.data.operations) {
      if ((bodies.get(id) ?? body) !== body)
        throw new Error(`PERSISTED_OPERATIONS: two operations have the id ${id}`);
      bodies.set(id, body);
    }
  }
  // A client that does not know the manifest's ids names an operation by its hash.
  for (const body of [...bodies.values()]) bodies.set(sha256(body), body);
  const known = new Set(bodies.values());

  return {
    safelist,
    bodyOf({ query, extensions }) {
      const body = typeof query === 'string' && query !== '' ? query : undefined;
      const id = persistedId({ extensions });
      if (body !== undefined) {
        if (safelist && !known.has(body)) throw notListed();
        return body;
      }
      const found = id === undefined ? undefined : bodies.get(id);
      if (safelist && found === undefined) throw notListed();
      return found;
    },
  };
}

/** The id or hash by which a request names its operation. */
export function persistedId({ extensions }: NamedOperation): string | undefined {
  return persistedQuery.safeParse(extensions).data?.persistedQuery.sha256Hash;
}

function notListed(): RadiographError {
  return new RadiographError(
    'FORBIDDEN',
    'Expected an operation of the safelist, by its id or its exact text, got another one',
  );
}

function manifestsAt(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  const names = readdirSync(place).filter((name) => name.endsWith('.json'));
  return names.map((name) => join(place, name));
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error('PERSISTED_OPERATIONS: expected JSON', { cause });
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
