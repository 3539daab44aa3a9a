const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
/** Clocks differ; more than this ahead is a mistake. */
const AHEAD_MS = 5 * 60_000;

/** An ISO 8601 time with its zone, in ms since 1970; undefined for any other text. */
export function timeOf(text: string): number | undefined {
  if (!ISO_8601.test(text) || !isDay(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

export const hasPassed = (at: number, now: number) => at <= now + AHEAD_MS;

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(time: string): boolean {
  const day = time.slice(0, 10);
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
