import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { type Federation, federation } from './execution/federation.ts';

/** Whoever writes the file is done by then. */
const QUIET_MS = 200;
/** Network file systems, and containers with a single mounted file, send no events. */
const LOOK_ANYWAY_MS = 10_000;

/** Why a supergraph is refused. */
type Refusal = 'unreadable' | 'not_a_supergraph' | 'unknown_subgraph';

/** Loads the supergraph and tells of each new one by `update`, until it is stopped. */
export type SupergraphWatch = (
  update: (federation: Federation) => void,
) => Promise<{ readonly federation: Federation; readonly stop: () => Promise<void> }>;

/** Reads the supergraph at the start and again whenever its file changes. A faulty one is refused by one log line
 *  and the old one goes on serving. What runs meanwhile ends with the supergraph that it began with.
 *  @param known the subgraphs that have an address
 *  @throws Error at the start alone */
export function watchedSupergraph(
  path: string,
  known: { has(subgraph: string): boolean },
  logger: Logger,
  reloads: Counter<'outcome'>,
): SupergraphWatch {
  return async (update) => {
    const first = servable(await readFile(path, 'utf8'), known);
    let serving = first.sdl;
    /** The last content that was looked at, so that a faulty one is told once. */
    let seen: string | undefined = first.sdl;

    const refuse = (reason: Refusal, text = '') => {
      reloads.inc({ outcome: 'refused' });
      const digest = digestOf(text);
      logger.error(
        { reason, digest, serving: digestOf(serving) },
        'new supergraph refused, the old one serves',
      );
    };
    const look = async () => {
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text === seen) return;
      seen = text;
      if (text === undefined) return refuse('unreadable');
      if (text === serving) return;
      try {
        update(servable(text, known));
        serving = text;
        reloads.inc({ outcome: 'loaded' });
        logger.info({ digest: digestOf(text) }, 'new supergraph loaded');
      } catch (error) {
        refuse(error instanceof UnknownSubgraph ? 'unknown_subgraph' : 'not_a_supergraph', text);
      }
    };

    const stop = onChange(path, look, () =>
      logger.warn('the supergraph is looked at every ten seconds only'),
    );
    return { federation: first, stop };
  };
}

/** Calls `look` after the file was written, replaced, or swapped behind a symbolic link, one call at a time. The
 *  folder is watched: editors and deployments put a new file in the place of the old, which then no one watches. */
function onChange(path: string, look: () => Promise<void>, blind: () => void): () => Promise<void> {
  let looking = Promise.resolve();
  const lookNow = () => {
    looking = looking.then(look);
  };
  let soon: NodeJS.Timeout | undefined;
  const lookSoon = () => {
    clearTimeout(soon);
    soon = setTimeout(lookNow, QUIET_MS).unref();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, lookSoon).on('error', blind);
  } catch {
    blind();
  }
  const anyway = setInterval(lookNow, LOOK_ANYWAY_MS).unref();
  return async () => {
    watcher?.close();
    clearTimeout(soon);
    clearInterval(anyway);
    await looking;
  };
}

class UnknownSubgraph extends Error {}

/** @throws Error when the gateway could not plan with it, UnknownSubgraph when it could not reach all that it names */
function servable(sdl: string, known: { has(subgraph: string): boolean }): Federation {
  const made = federation(sdl);
  for (const name of made.subgraphs)
    if (!known.has(name))
      throw new UnknownSubgraph(`The supergraph names a subgraph without an address: ${name}`);
  return made;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
