/** An assessment beside what became of the patient. */
export type Scored = { readonly probability: number; readonly admitted: boolean };

/** The probability that an admitted case scores above one that was not (Mann and Whitney), by ranks; 0 to 1. */
export function auroc(scored: readonly Scored[]): number {
  const sorted = scored.toSorted((a, b) => a.probability - b.probability);
  const admitted = sorted.filter((one) => one.admitted).length;
  let rankSum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (sorted[to + 1]?.probability === sorted[from]?.probability) to += 1;
    const ties = sorted.slice(from, to + 1).filter((one) => one.admitted).length;
    rankSum += ties * ((from + to) / 2 + 1);
    from = to + 1;
  }
  return (rankSum - (admitted * (admitted + 1)) / 2) / (admitted * (sorted.length - admitted));
}

/** Mean squared distance of the probability from what came (Brier, 1950). */
export function brier(scored: readonly Scored[]): number {
  return mean(scored.map(({ probability, admitted }) => (probability - Number(admitted)) ** 2));
}

/** Mean negative logarithm of the probability that was given to what came. */
export function logLoss(scored: readonly Scored[]): number {
  return mean(
    scored.map(({ probability, admitted }) => {
      const given = admitted ? probability : 1 - probability;
      return -Math.log(Math.max(given, Number.MIN_VALUE));
    }),
  );
}

/** The threshold with the highest sensitivity + specificity (Youden, 1950), in hundredths. */
export function youdenThreshold(scored: readonly Scored[]): number {
  const admitted = scored.filter((one) => one.admitted).length;
  const score = (threshold: number) => {
    const above = scored.filter(({ probability }) => probability >= threshold);
    const caught = above.filter((one) => one.admitted).length;
    return caught / admitted - (above.length - caught) / (scored.length - admitted);
  };
  const candidates = Array.from({ length: 99 }, (_, i) => ({
    at: (i + 1) / 100,
    score: score((i + 1) / 100),
  }));
  return candidates.reduce((best, one) => (one.score > best.score ? one : best)).at;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
