import type { ObservationType } from './observation-types.ts';
import type { Observation } from './patient.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The longest window that a cohort may be loaded with: no model has learned from values that are further apart. */
const MOST_HOURS = 48;

/** When the observations behind a risk were made; times in ms since 1970. */
export type ObservedSpan = {
  readonly from: number;
  readonly until: number;
  /** As people read it: hours, or the first and the last day where they are further apart than any window. */
  readonly window: string;
  /** What to know of the values before the risk is believed; null where they are of one window. */
  readonly caution: string | null;
};

/** The span of the newest observation of each kind. What holds for years, such as age, counts where there is nothing else.
 *  @returns null when nothing was observed */
export function observedSpan(
  newest: readonly Observation[],
  types: ReadonlyMap<string, Pick<ObservationType, 'lasting'>>,
): ObservedSpan | null {
  const passing = newest.filter(({ code }) => !types.get(code)?.lasting);
  const times = (passing.length > 0 ? passing : newest).map(({ observedAt }) => observedAt);
  if (times.length === 0) return null;
  const [from, until] = [Math.min(...times), Math.max(...times)];
  const hours = Math.ceil((until - from) / HOUR_MS);
  if (hours <= MOST_HOURS) return { from, until, window: `0-${Math.max(1, hours)} h`, caution: null };
  const window = `${dayOf(from)} to ${dayOf(until)}`;
  if (passing.length === 0) return { from, until, window, caution: null };
  const caution =
    `The oldest value is ${Math.floor((until - from) / DAY_MS)} days older than the newest: they are not of one stay, ` +
    'and the model has learned from values of one.';
  return { from, until, window, caution };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
