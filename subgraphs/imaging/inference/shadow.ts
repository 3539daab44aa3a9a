import type { Answered, Inference } from '../domain/classification.ts';
import type { InferenceMetrics } from './inference-metrics.ts';
import type { ModelCards } from './model-cards.ts';
import type { Pool } from './pool.ts';

/** What is compared. */
export type Compared = Omit<Answered, 'cached'>;

/** Asks another version about an image that was answered, and counts how the two differ. Beside the work: dropped when
 *  a pool has something to do, and whatever becomes of it, the answer stands.
 *  @returns when it is counted; never fails */
export function shadowing(pools: readonly Pool[], cards: ModelCards, metrics: InferenceMetrics) {
  let isUnderWay = false;
  return async (grey: Buffer, version: string, answered: Compared): Promise<void> => {
    const asked = isUnderWay ? undefined : firstIdle(pools, grey, version);
    if (!asked) return metrics.shadow.inc({ outcome: 'dropped' });
    isUnderWay = true;
    try {
      const [inference, model] = await Promise.all([asked, cards.card(version)]);
      const other = byLabel({ inference, model });
      const own = byLabel(answered);
      metrics.shadow.inc({ outcome: highest(own) === highest(other) ? 'same' : 'different' });
      metrics.shadowDifference.observe(largestDifference(own, other));
    } catch {
      metrics.shadow.inc({ outcome: 'failed' });
    } finally {
      isUnderWay = false;
    }
  };
}

function firstIdle(pools: readonly Pool[], grey: Buffer, version: string): Promise<Inference> | undefined {
  for (const pool of pools) {
    const asked = pool.inferBeside(grey, version);
    if (asked) return asked;
  }
  return undefined;
}

/** Probability by code: versions may order their labels in their own ways, and know other ones. */
function byLabel({ inference, model }: Compared): ReadonlyMap<string, number> {
  return new Map(model.labels.map(({ code }, index) => [code, inference.probabilities[index] ?? 0]));
}

function highest(probabilities: ReadonlyMap<string, number>): string | undefined {
  return [...probabilities].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function largestDifference(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  const codes = new Set([...one.keys(), ...other.keys()]);
  return Math.max(...[...codes].map((code) => Math.abs((one.get(code) ?? 0) - (other.get(code) ?? 0))));
}
