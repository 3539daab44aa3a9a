/** A histogram between two moments: `counts[i]` fell at or below `bounds[i]` and above the bound before it. */
export type Histogram = {
  readonly service: string;
  readonly name: string;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
};

/** Values of a metrics page by sample name with its labels, those of a histogram's buckets included. */
export type Samples = ReadonlyMap<string, number>;

/** Addresses of metrics pages by the service's name. */
export type ServiceUrls = ReadonlyMap<string, string>;

/** Reads the page of each service (Prometheus text format); one that does not answer is absent. */
export async function scrape(services: ServiceUrls): Promise<Map<string, Samples>> {
  const pages = await Promise.all(
    [...services].map(async ([service, url]) => {
      const answer = await fetch(url).catch(() => undefined);
      return answer?.ok ? ([service, samplesOf(await answer.text())] as const) : undefined;
    }),
  );
  return new Map(pages.filter((page) => page !== undefined));
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;

export function samplesOf(page: string): Samples {
  const samples = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name && value !== undefined) samples.set(`${name}{${labels}}`, Number(value));
  }
  return samples;
}

/** What the counters grew by, summed over all labels but those that are named.
 *  @returns by the values of those labels, joined with a space */
export function growth(
  before: Samples | undefined,
  after: Samples | undefined,
  metric: string,
  ...by: readonly string[]
): Map<string, number> {
  const grown = new Map<string, number>();
  // A process that was started again counts from zero.
  const earlier = startOf(before) === startOf(after) ? before : undefined;
  for (const [sample, value] of after ?? []) {
    if (!sample.startsWith(`${metric}{`)) continue;
    const more = value - (earlier?.get(sample) ?? 0);
    const key = by.map((label) => labelOf(sample, label) ?? '').join(' ');
    if (more !== 0) grown.set(key, (grown.get(key) ?? 0) + more);
  }
  return grown;
}

/** All histograms of all services that grew, labels summed up. */
export function histograms(
  before: ReadonlyMap<string, Samples>,
  after: ReadonlyMap<string, Samples>,
): Histogram[] {
  return [...after].flatMap(([service, samples]) => {
    const names = new Set([...samples.keys()].flatMap((sample) => /^(.+)_bucket\{/.exec(sample)?.[1] ?? []));
    return [...names].flatMap((name) => {
      const early = before.get(service);
      const below = [...growth(early, samples, `${name}_bucket`, 'le')]
        .map(
          ([bound, count]) => [bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), count] as const,
        )
        .sort(([a], [b]) => a - b);
      if (below.length === 0) return [];
      const counts = below.map(([, count], i) => count - (below[i - 1]?.[1] ?? 0));
      const sum = growth(early, samples, `${name}_sum`).get('') ?? 0;
      return [{ service, name, bounds: below.map(([bound]) => bound), counts, sum }];
    });
  });
}

function startOf(samples: Samples | undefined): number | undefined {
  return [...(samples ?? [])].find(([sample]) => sample.startsWith('process_start_time_seconds{'))?.[1];
}

function labelOf(sample: string, label: string): string | undefined {
  return new RegExp(`[{,]${label}="((?:[^"\\\\]|\\\\.)*)"`).exec(sample)?.[1];
}

export function countOf({ counts }: Histogram): number {
  return counts.reduce((total, count) => total + count, 0);
}
