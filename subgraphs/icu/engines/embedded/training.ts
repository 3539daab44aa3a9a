import { createHash } from 'node:crypto';
import type { TrainingCase } from '../../domain/cohort.ts';
import type { Features } from '../../domain/icu-model.ts';
import { type Column, type ColumnTypes, fitColumns, rowOf } from './columns.ts';
import { crossValidate, type OutOfFold } from './cross-validation.ts';
import { fitLogisticRegression, logistic, logOdds } from './logistic-regression.ts';
import { auroc, brier, logLoss, youdenThreshold } from './metrics.ts';

export type TrainedModel = {
  readonly columns: readonly (Column & { readonly weight: number })[];
  readonly intercept: number;
  /** Probability from which an admission is expected. */
  readonly threshold: number;
  /** Strength of the penalty. */
  readonly l2: number;
  /** Of cross-validation: each case assessed by models that have not seen it. */
  readonly metrics: { readonly auroc: number; readonly brier: number; readonly cases: number };
  readonly digest: string;
};

/** What the cohort cannot teach is no fault of the system; the message is for people. */
export class TrainingRefused extends Error {}

/** Below this a fold may hold no admitted case. */
const FEWEST_OF_EACH_OUTCOME = 10;
const STRENGTHS = [300, 100, 30, 10, 3];
/** In small cohorts the choice of the folds matters, and there is time to draw them several times. */
const SMALL_COHORT = 1_000;
const SMALL_COHORT_REPEATS = 5;

/** Fits the model: the strength of the penalty with the least log loss in cross-validation, then all cases, then the
 *  log-odds stretched so that those of cross-validation are calibrated (Platt, 1999).
 *  @throws TrainingRefused when there are too few to learn from */
export function trainModel(cases: readonly TrainingCase[], types: ColumnTypes, seed: number): TrainedModel {
  const labels = cases.map(({ admitted }) => admitted);
  const patients = new Map(cases.map(({ patient, admitted }) => [patient, admitted]));
  const admitted = [...patients.values()].filter(Boolean).length;
  const others = patients.size - admitted;
  if (Math.min(admitted, others) < FEWEST_OF_EACH_OUTCOME)
    throw new TrainingRefused(
      `Expected ${FEWEST_OF_EACH_OUTCOME} patients or more of each outcome, got ${admitted} admitted and ${others} others`,
    );
  const repeats = cases.length < SMALL_COHORT ? SMALL_COHORT_REPEATS : 1;
  const tried = crossValidate(cases, types, STRENGTHS, { repeats, seed });
  const candidates = STRENGTHS.map((l2, i) => calibrated(l2, tried[i] ?? []));
  const { l2, scored, stretch } = candidates.reduce((best, one) => (one.loss < best.loss ? one : best));
  const columns = fitColumns(cases, types);
  const rows = cases.map(({ features }) => rowOf(features, columns));
  const { intercept, weights } = fitLogisticRegression(rows, labels, l2);
  const parameters = {
    columns: columns.map((column, i) => ({ ...column, weight: stretch.factor * (weights[i] ?? 0) })),
    intercept: stretch.offset + stretch.factor * intercept,
  };
  return {
    ...parameters,
    l2,
    threshold: youdenThreshold(scored),
    metrics: { auroc: auroc(scored), brier: brier(scored), cases: cases.length },
    digest: createHash('sha256').update(JSON.stringify(parameters)).digest('hex'),
  };
}

function calibrated(l2: number, outOfFold: readonly OutOfFold[]) {
  const { intercept, weights } = fitLogisticRegression(
    outOfFold.map(({ logOdds }) => [logOdds]),
    outOfFold.map(({ admitted }) => admitted),
    1e-6,
  );
  // A negative factor would mean worse than chance: then nobody is told apart.
  const stretch = { offset: intercept, factor: Math.max(0, weights[0] ?? 0) };
  const scored = outOfFold.map(({ logOdds, admitted }) => ({
    probability: logistic(stretch.offset + stretch.factor * logOdds),
    admitted,
  }));
  return { l2, stretch, scored, loss: logLoss(scored) };
}

export function probabilityOf(features: Features, { columns, intercept }: TrainedModel): number {
  const weights = columns.map(({ weight }) => weight);
  return logistic(logOdds(rowOf(features, columns), { intercept, weights }));
}
