import type { ServedVersion } from '../domain/classifier.ts';
import type { ModelCards } from './model-cards.ts';
import type { ServingClient } from './serving-client.ts';

/** The versions of the model as the first reachable pool reports them; when none is reachable, those with a card
 *  in state UNKNOWN. */
export async function servedModels(
  pools: readonly ServingClient[],
  name: string,
  cards: ModelCards,
): Promise<ServedVersion[]> {
  for (const pool of pools) {
    const versions = await pool.versions(name).catch(() => undefined);
    if (versions)
      return Promise.all(
        versions.map(({ version, state }) => described(name, version, state, pool.pool, cards)),
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

/** The highest AVAILABLE version, asked for at most once a second: it keys the cache of inferences. */
export function latestVersion(models: () => Promise<ServedVersion[]>, now: () => number = Date.now) {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  return (): Promise<string | undefined> => {
    if (now() - asked >= FRESH_MS) {
      asked = now();
      answer = models().then(
        (versions) =>
          versions
            .filter(({ state }) => state === 'AVAILABLE')
            .map(({ version }) => version)
            .sort((a, b) => Number(b) - Number(a))[0],
      );
    }
    return answer;
  };
}
