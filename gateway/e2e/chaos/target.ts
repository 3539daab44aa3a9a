/** A figure, and what it has to be. */
export type Target = {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly reached: boolean;
};

export function none(what: string, got: number): Target {
  return { what, wanted: '0', got: String(got), reached: got === 0 };
}

export function all(what: string, got: number, of: number): Target {
  return { what, wanted: `all ${of}`, got: String(got), reached: got === of };
}

export function atLeast(what: string, got: number, least: number): Target {
  return { what, wanted: `≥ ${least}`, got: String(got), reached: got >= least };
}

export function atMost(what: string, got: number, most: number, unit: string): Target {
  return { what, wanted: `≤ ${most} ${unit}`, got: `${got} ${unit}`, reached: got <= most };
}

/** What a measure found: its targets, and a sentence or two of what else was seen. */
export type Finding = {
  readonly title: string;
  readonly targets: readonly Target[];
  readonly seen: readonly string[];
};

export function count(counts: Map<string, number>, what = 'nothing'): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

export const tally = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([what, count]) => `${what} ${count}`).join(', ') || 'none';

export function missed({ targets, seen }: Finding): readonly (Target | string)[] {
  const unreached = targets.filter(({ reached }) => !reached);
  // A figure alone does not say why.
  return unreached.length > 0 ? [...unreached, ...seen] : [];
}
