import type { TrainingCase } from '../../domain/cohort.ts';
import type { Features } from '../../domain/icu-model.ts';
import type { ObservationType, Scale } from '../../domain/observation-types.ts';

/** A column of the model: the value of one code on its scale, or whether it is missing. Columns are standardised. */
export type Column = {
  readonly code: string;
  readonly scale: Scale | 'absence';
  /** Ascending values and their ranks from 0 to 1, for the scale `rank`. */
  readonly values: readonly number[];
  readonly ranks: readonly number[];
  readonly mean: number;
  readonly deviation: number;
};

/** What columns are made by. */
export type ColumnTypes = ReadonlyMap<string, Pick<ObservationType, 'scale' | 'informative'>>;

/** Ranks between two tenths are interpolated. */
const STEPS = 10;
/** The logarithm of nought is not finite. */
const SMALLEST = 0.01;

/** A column for each code of the cases, and one for its absence where that is informative. */
export function fitColumns(cases: readonly TrainingCase[], types: ColumnTypes): Column[] {
  const codes = [...new Set(cases.flatMap(({ features }) => [...features.keys()]))].sort();
  return codes.flatMap((code) => {
    const { scale = 'linear', informative = false } = types.get(code) ?? {};
    const values = scale === 'rank' ? cases.flatMap(({ features }) => features.get(code) ?? []) : [];
    const columns: Placing[] = [{ code, scale, ...ranksOf(values) }];
    if (informative) columns.push({ code, scale: 'absence', values: [], ranks: [] });
    return columns.map((column) => ({
      ...column,
      ...spreadOf(cases.map((one) => raw(column, one.features))),
    }));
  });
}

/** One row of the model's columns: what is missing counts as average. */
export function rowOf(features: Features, columns: readonly Column[]): number[] {
  return columns.map((column) => {
    const value = raw(column, features);
    return value === undefined ? 0 : (value - column.mean) / column.deviation;
  });
}

type Placing = Omit<Column, 'mean' | 'deviation'>;

function raw({ code, scale, values, ranks }: Placing, features: Features): number | undefined {
  const value = features.get(code);
  if (scale === 'absence') return Number(value === undefined);
  if (value === undefined || scale === 'linear') return value;
  return scale === 'rank' ? rankOf(value, values, ranks) : Math.log(Math.max(value, SMALLEST));
}

/** Equal quantiles become one value with the middle of their ranks. */
function ranksOf(values: readonly number[]): Pick<Column, 'values' | 'ranks'> {
  if (values.length === 0) return { values: [], ranks: [] };
  const sorted = values.toSorted((a, b) => a - b);
  const quantiles = Array.from({ length: STEPS + 1 }, (_, i) => {
    const rank = i / STEPS;
    const at = rank * (sorted.length - 1);
    const low = sorted[Math.floor(at)] ?? 0;
    return { rank, value: low + ((sorted[Math.ceil(at)] ?? 0) - low) * (at % 1) };
  });
  const groups = [...Map.groupBy(quantiles, ({ value }) => value)];
  return {
    values: groups.map(([value]) => value),
    ranks: groups.map(([, equal]) => ((equal[0]?.rank ?? 0) + (equal.at(-1)?.rank ?? 0)) / 2),
  };
}

/** A value outside of what was seen counts as the outermost that was. */
function rankOf(value: number, values: readonly number[], ranks: readonly number[]): number {
  const above = values.findIndex((one) => one > value);
  if (above === 0) return ranks[0] ?? 0;
  if (above < 0) return ranks.at(-1) ?? 0;
  const [low = 0, high = 0] = values.slice(above - 1, above + 1);
  const [from = 0, to = 0] = ranks.slice(above - 1, above + 1);
  return from + ((value - low) / (high - low)) * (to - from);
}

function spreadOf(all: readonly (number | undefined)[]): Pick<Column, 'mean' | 'deviation'> {
  const values = all.filter((value) => value !== undefined);
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
