import { createHash } from 'node:crypto';
import type { Features } from '../../domain/icu-model.ts';
import { fitScaling, row, type Scaling } from './features.ts';
import { type Coefficients, fitLogisticRegression, logistic } from './logistic-regression.ts';

export type TrainingCase = { readonly features: Features; readonly admitted: boolean };

export type TrainedModel = {
  readonly scaling: Scaling;
  readonly coefficients: Coefficients;
  /** Probability from which an admission is expected: highest sensitivity + specificity (Youden, 1950). */
  readonly threshold: number;
  /** Measured on the cases that were held out. */
  readonly metrics: { readonly auroc: number; readonly brier: number; readonly cases: number };
  readonly digest: string;
};

const HELD_OUT = 0.25;
const L2 = 1;

/** Trains on the first three quarters of the cases (each is another patient) and measures on the rest. */
export function trainModel(cases: readonly TrainingCase[]): TrainedModel {
  const split = Math.floor(cases.length * (1 - HELD_OUT));
  const training = cases.slice(0, split);
  const scaling = fitScaling(training.map(({ features }) => features));
  const rows = training.map(({ features }) => row(features, scaling));
  const labels = training.map(({ admitted }) => admitted);
  const coefficients = fitLogisticRegression(rows, labels, L2);
  const scored = cases.slice(split).map(({ features, admitted }) => ({
    probability: probabilityOf(row(features, scaling), coefficients),
    admitted,
  }));
  const parameters = { scaling, coefficients };
  return {
    ...parameters,
    threshold: youdenThreshold(scored),
    metrics: { auroc: auroc(scored), brier: brier(scored), cases: scored.length },
    digest: createHash('sha256').update(JSON.stringify(parameters)).digest('hex'),
  };
}

export function probabilityOf(columns: readonly number[], { intercept, weights }: Coefficients): number {
  return logistic(columns.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), intercept));
}

type Scored = { probability: number; admitted: boolean };

/** The probability that an admitted case scores above one that was not (Mann and Whitney). */
export function auroc(scored: readonly Scored[]): number {
  const admitted = scored.filter((one) => one.admitted);
  const others = scored.filter((one) => !one.admitted);
  let wins = 0;
  for (const { probability: high } of admitted)
    for (const { probability: low } of others) wins += high > low ? 1 : high === low ? 0.5 : 0;
  return wins / (admitted.length * others.length);
}

function brier(scored: readonly Scored[]): number {
  return (
    scored.reduce((sum, { probability, admitted }) => sum + (probability - Number(admitted)) ** 2, 0) /
    scored.length
  );
}

function youdenThreshold(scored: readonly Scored[]): number {
  const admitted = scored.filter((one) => one.admitted).length;
  const score = (threshold: number) => {
    const above = scored.filter(({ probability }) => probability >= threshold);
    const caught = above.filter((one) => one.admitted).length;
    return caught / admitted - (above.length - caught) / (scored.length - admitted);
  };
  const candidates = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  return candidates.reduce((best, candidate) => (score(candidate) > score(best) ? candidate : best));
}
