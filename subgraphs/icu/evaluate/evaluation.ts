import type { TrainingCase } from '../domain/cohort.ts';
import { type Random, seededRandom } from '../domain/random.ts';
import type { ColumnTypes } from '../engines/embedded/columns.ts';
import { stratifiedFolds } from '../engines/embedded/cross-validation.ts';
import { auroc, type Scored } from '../engines/embedded/metrics.ts';
import { probabilityOf, type TrainedModel, trainModel } from '../engines/embedded/training.ts';

/** ROC AUC in the first windows of each fold of a repeated cross-validation: the whole training, its choice of settings too, sees the other
 *  folds alone. */
export function foldAurocs(
  cases: readonly TrainingCase[],
  types: ColumnTypes,
  { repeats, seed }: { readonly repeats: number; readonly seed: number },
): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: repeats }, () => stratifiedFolds(cases, random))
    .flat()
    .map((fold) => {
      const model = trainModel(
        cases.filter((one) => !fold.has(one)),
        types,
        seed,
      );
      return auroc(scoredBy(model, [...fold]));
    });
}

/** The case of the first window: that is what is asked. */
function firstOfEach(cases: readonly TrainingCase[]): TrainingCase[] {
  return [...Map.groupBy(cases, ({ patient }) => patient).values()].flatMap(([first]) => first ?? []);
}

/** How the model assesses the first window of each patient. */
export function scoredBy(model: TrainedModel, cases: readonly TrainingCase[]): Scored[] {
  return firstOfEach(cases).map(({ features, admitted }) => ({
    probability: probabilityOf(features, model),
    admitted,
  }));
}

/** The middle 95 % of ROC AUCs of samples that are drawn from the cases with replacement (Efron, 1979). */
export function bootstrapInterval(scored: readonly Scored[], seed: number): [low: number, high: number] {
  const random = seededRandom(seed);
  const aurocs = Array.from({ length: 2_000 }, () => auroc(drawn(scored, random)))
    // A sample may hold one outcome alone.
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const at = (share: number) => aurocs[Math.floor(share * (aurocs.length - 1))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}

function drawn(scored: readonly Scored[], random: Random): Scored[] {
  return scored.flatMap(() => scored[Math.floor(random.uniform() * scored.length)] ?? []);
}
