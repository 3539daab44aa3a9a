import type { ServedVersion } from '../domain/classifier.ts';
import type { ModelCards } from './model-cards.ts';
import type { Pool } from './pool.ts';

type Asked = Pick<Pool, 'name' | 'mayAsk' | 'versions'>;

/** The versions of the model as the first reachable pool reports them; when none is reachable, those with a card
 *  in state UNKNOWN. */
export async function servedModels(
  pools: readonly Asked[],
  name: string,
  cards: ModelCards,
): Promise<ServedVersion[]> {
  for (const pool of pools) {
    const versions = pool.mayAsk() ? await pool.versions().catch(() => undefined) : undefined;
    if (versions)
      return Promise.all(
        versions.map(({ version, state }) => described(name, version, state, pool.name, cards)),
      );
  }
  const versions = await cards.versions();
  return Promise.all(versions.map((version) => described(name, version, 'UNKNOWN', 'none', cards)));
}

async function described(
  name: string,
  version: string,
  state: ServedVersion['state'],
  pool: string,
  cards: ModelCards,
): Promise<ServedVersion> {
  const card = await cards.card(version).catch(() => undefined);
  return { name, version, state, digest: card?.digest ?? null, engine: engineOf(pool) };
}

/** The embedded server runs ONNX; any other pool is a TensorFlow Serving that the settings name. */
export function engineOf(pool: string): string {
  return pool === 'embedded' ? 'Embedded ONNX Runtime' : 'TensorFlow Serving';
}

const FRESH_MS = 1_000;
const USABLE_MS = 10_000;

/** The versions that are served, highest first; none while no server says.
 *  @param isFresh whether they are to be asked for now, for one who has found that they have changed */
export type AvailableVersions = (isFresh?: boolean) => Promise<readonly string[]>;

/** The AVAILABLE versions. An answer is asked for again after a second, and meanwhile used for up to ten: a server that
 *  is slow to say delays nobody. */
export function availableVersions(
  models: () => Promise<ServedVersion[]>,
  now: () => number = Date.now,
): AvailableVersions {
  let known: { readonly at: number; readonly versions: readonly string[] } | undefined;
  let asking: Promise<readonly string[]> | undefined;
  const ask = async (): Promise<readonly string[]> => {
    const versions = (await models())
      .filter(({ state }) => state === 'AVAILABLE')
      .map(({ version }) => version)
      .sort((a, b) => Number(b) - Number(a));
    if (versions.length > 0) known = { at: now(), versions };
    return versions;
  };
  const askOnce = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return async (isFresh = false) => {
    // What is being asked may be older than the change.
    if (isFresh) return ask();
    const age = known ? now() - known.at : Number.POSITIVE_INFINITY;
    if (!known || age >= USABLE_MS) return askOnce();
    // What it fails with, the next to need it will meet.
    if (age >= FRESH_MS) askOnce().catch(() => undefined);
    return known.versions;
  };
}
