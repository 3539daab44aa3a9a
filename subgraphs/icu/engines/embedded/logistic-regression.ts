import { Matrix, solve } from 'ml-matrix';

export type Coefficients = { readonly intercept: number; readonly weights: readonly number[] };

const MOST_STEPS = 50;
const CONVERGED = 1e-8;

/** Fits an L2-regularised logistic regression by Newton's method (iteratively reweighted least squares; Hastie,
 *  Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1). The intercept is not penalised.
 *  @param rows standardised features [n][p] @param labels admitted or not [n] @param l2 strength, above 0 */
export function fitLogisticRegression(
  rows: readonly (readonly number[])[],
  labels: readonly boolean[],
  l2: number,
): Coefficients {
  const x = new Matrix(rows.map((row) => [1, ...row]));
  const penalty = Matrix.diag([0, ...Array.from({ length: x.columns - 1 }, () => l2)]);
  let beta = Matrix.zeros(x.columns, 1);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const probabilities = x.mmul(beta).to1DArray().map(logistic);
    const residuals = Matrix.columnVector(labels.map((label, i) => Number(label) - (probabilities[i] ?? 0)));
    const gradient = x.transpose().mmul(residuals).sub(penalty.mmul(beta));
    const weighted = x.clone();
    for (const [i, p] of probabilities.entries()) weighted.mulRow(i, Math.max(p * (1 - p), 1e-9));
    const change = solve(x.transpose().mmul(weighted).add(penalty), gradient);
    beta = beta.add(change);
    if (change.norm() < CONVERGED) break;
  }
  const [intercept = 0, ...weights] = beta.to1DArray();
  return { intercept, weights };
}

export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
