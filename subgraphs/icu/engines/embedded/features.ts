import type { Features } from '../../domain/icu-model.ts';
import { OBSERVATION_TYPES } from '../../domain/observation-types.ts';

/** How raw values become the model's columns: a standardised one for each code (the mean stands in for what is
 *  missing) and, where absence is informative, one that says "not measured". */
export type Scaling = { readonly means: readonly number[]; readonly deviations: readonly number[] };

type Column = { readonly code: string; readonly absence: boolean };

/** Spread by orders of magnitude, so their logarithm is what the risk follows. */
const LOGARITHMIC = new Set(['lactate', 'crp', 'd_dimer', 'lymphocytes']);

export const COLUMNS: readonly Column[] = OBSERVATION_TYPES.flatMap(({ code, informative }) => [
  { code, absence: false },
  ...(informative ? [{ code, absence: true }] : []),
]);

export function fitScaling(patients: readonly Features[]): Scaling {
  const columns = COLUMNS.map((column) =>
    patients.map((features) => raw(column, features)).filter((v) => v !== undefined),
  );
  const means = columns.map((values) => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length));
  const deviations = columns.map((values, i) => {
    const variance =
      values.reduce((sum, v) => sum + (v - (means[i] ?? 0)) ** 2, 0) / Math.max(1, values.length);
    return Math.sqrt(variance) || 1;
  });
  return { means, deviations };
}

/** One row of the model's columns. */
export function row(features: Features, { means, deviations }: Scaling): number[] {
  return COLUMNS.map((column, i) => {
    const value = raw(column, features);
    return value === undefined ? 0 : (value - (means[i] ?? 0)) / (deviations[i] ?? 1);
  });
}

function raw({ code, absence }: Column, features: Features): number | undefined {
  const value = features.get(code);
  if (absence) return value === undefined ? 1 : 0;
  if (value === undefined) return undefined;
  return LOGARITHMIC.has(code) ? Math.log(Math.max(value, 0.01)) : value;
}
