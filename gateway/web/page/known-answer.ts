import { isWorthATry } from './fault.ts';
import type { Answer } from './graph.ts';

/** What is known of a question after its last answer. */
export type KnownAnswer<Data> = Answer<Data> & {
  readonly question: string | null;
  /** The last answer that came without a fault. */
  readonly whole: Data | undefined;
};

export const NOTHING_KNOWN = { data: undefined, faults: [], question: null, whole: undefined };

/** Adds an answer to what is known. A fault that may pass takes nothing away of what the same question brought before. */
export function withAnswer<Data>(
  before: KnownAnswer<Data>,
  question: string | null,
  { data, faults }: Answer<Data>,
): KnownAnswer<Data> {
  if (faults.length === 0) return { data, faults, question, whole: data };
  const whole = question === before.question && faults.every(isWorthATry) ? before.whole : undefined;
  return { data: whole ?? data, faults, question, whole };
}
