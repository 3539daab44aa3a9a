import { Matrix, solve } from 'ml-matrix';

export type Coefficients = { readonly intercept: number; readonly weights: readonly number[] };

const MOST_STEPS = 50;
const CONVERGED = 1e-6;

/** Fits an L2-regularised logistic regression by Newton's method (iteratively reweighted least squares; Hastie,
 *  Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1). The intercept is not penalised.
 *  @param rows standardised features [n][p] @param labels admitted or not [n] @param l2 strength, above 0
 *  @param start coefficients near the result, where some are known: fewer steps are needed then */
export function fitLogisticRegression(
  rows: readonly (readonly number[])[],
  labels: readonly boolean[],
  l2: number,
  start?: Coefficients,
): Coefficients {
  const x = new Matrix(rows.map((row) => [1, ...row]));
  const transposed = x.transpose();
  const strengths = [0, ...Array.from({ length: x.columns - 1 }, () => l2)];
  const penalty = Matrix.diag(strengths);
  const objective = (given: Matrix) => penalisedLoss(x.mmul(given).to1DArray(), labels, given, strengths);
  let beta = start ? Matrix.columnVector([start.intercept, ...start.weights]) : Matrix.zeros(x.columns, 1);
  let best = objective(beta);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const probabilities = x.mmul(beta).to1DArray().map(logistic);
    const residuals = Matrix.columnVector(labels.map((label, i) => Number(label) - (probabilities[i] ?? 0)));
    const gradient = transposed.mmul(residuals).sub(penalty.mmul(beta));
    const weighted = x.clone();
    for (const [i, p] of probabilities.entries()) weighted.mulRow(i, Math.max(p * (1 - p), 1e-9));
    const change = solve(transposed.mmul(weighted).add(penalty), gradient);
    let next = Matrix.add(beta, change);
    let loss = objective(next);
    // Far from the optimum a whole step can overshoot.
    while (loss > best && change.norm() > CONVERGED) {
      next = Matrix.add(beta, change.mul(0.5));
      loss = objective(next);
    }
    if (loss < best) [beta, best] = [next, loss];
    if (change.norm() <= CONVERGED) break;
  }
  const [intercept = 0, ...weights] = beta.to1DArray();
  return { intercept, weights };
}

function penalisedLoss(
  logOdds: readonly number[],
  labels: readonly boolean[],
  beta: Matrix,
  strengths: readonly number[],
): number {
  // −log p of what came is log(1 + e^−x), written so that no exponential overflows.
  const loss = logOdds.reduce((sum, given, i) => {
    const x = labels[i] ? given : -given;
    return sum + Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }, 0);
  return strengths.reduce((sum, strength, i) => sum + (strength / 2) * beta.get(i, 0) ** 2, loss);
}

/** The log-odds of a row. */
export function logOdds(row: readonly number[], { intercept, weights }: Coefficients): number {
  return row.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), intercept);
}

export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
