import type { TrainingCase } from '../../domain/cohort.ts';
import { type Random, seededRandom } from '../../domain/random.ts';
import { type ColumnTypes, fitColumns, rowOf } from './columns.ts';
import { type Coefficients, fitLogisticRegression, logOdds } from './logistic-regression.ts';

/** The log-odds of a case by a model that has not seen it. */
export type OutOfFold = { readonly logOdds: number; readonly admitted: boolean };

const FOLDS = 5;

/** Every strength tried on all cases: each case is assessed by models that were fitted, columns and all, without its
 *  fold. Folds hold as many of each outcome; `repeats` draws them anew.
 *  @param strengths of the penalty, descending @returns for each strength, `repeats` times each case */
export function crossValidate(
  cases: readonly TrainingCase[],
  types: ColumnTypes,
  strengths: readonly number[],
  { repeats, seed }: { readonly repeats: number; readonly seed: number },
): OutOfFold[][] {
  const random = seededRandom(seed);
  const results: OutOfFold[][] = strengths.map(() => []);
  for (let repeat = 0; repeat < repeats; repeat += 1)
    for (const fold of stratifiedFolds(cases, random)) {
      const rest = cases.filter((one) => !fold.has(one));
      const columns = fitColumns(rest, types);
      const rows = rest.map(({ features }) => rowOf(features, columns));
      const labels = rest.map(({ admitted }) => admitted);
      const held = [...fold].map(({ features, admitted }) => ({ row: rowOf(features, columns), admitted }));
      let fitted: Coefficients | undefined;
      for (const [i, l2] of strengths.entries()) {
        const found = fitLogisticRegression(rows, labels, l2, fitted);
        fitted = found;
        results[i]?.push(...held.map(({ row, admitted }) => ({ logOdds: logOdds(row, found), admitted })));
      }
    }
  return results;
}

/** Folds with as many patients of each outcome, and all cases of a patient in one. */
export function stratifiedFolds(cases: readonly TrainingCase[], random: Random): Set<TrainingCase>[] {
  const folds = Array.from({ length: FOLDS }, () => new Set<TrainingCase>());
  const patients = [...Map.groupBy(cases, ({ patient }) => patient).values()];
  const ordered = [true, false].flatMap((admitted) =>
    shuffled(
      patients.filter(([one]) => one?.admitted === admitted),
      random,
    ),
  );
  for (const [i, own] of ordered.entries()) for (const one of own) folds[i % FOLDS]?.add(one);
  return folds;
}

/** Fisher and Yates, 1938. */
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.uniform() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
