import { setTimeout as pause } from 'node:timers/promises';
import type { RetryBudget } from './retry-budget.ts';
import { faultOfAbort, SubgraphFault } from './subgraph-fault.ts';

const MOST_RETRIES = 3;
const FIRST_PAUSE_MS = 100;

export type Attempts = {
  /** Only what changes nothing may be sent again: a mutation may have been done although no answer came. */
  readonly idempotent: boolean;
  /** ms since 1970. */
  readonly answerBy: number;
  readonly signal: AbortSignal;
  readonly budget: RetryBudget;
  /** Called for each retry that is due, with whether the budget allowed it. */
  readonly retrying: (allowed: boolean) => void;
};

/** Tries again what did not reach its subgraph: up to three times, after 100, 200 and 400 ms less up to half of it by
 *  chance, never past the deadline and within the budget. */
export async function patiently<T>(attempt: () => Promise<T>, options: Attempts): Promise<T> {
  const { idempotent, answerBy, signal, budget, retrying } = options;
  budget.earn();
  for (let retry = 0; ; retry++) {
    try {
      return await attempt();
    } catch (fault) {
      const unreached = fault instanceof SubgraphFault && fault.kind === 'unreachable';
      // The chance keeps requests that failed together from coming back together.
      const wait = FIRST_PAUSE_MS * 2 ** retry * (1 - Math.random() / 2);
      if (!unreached || !idempotent || retry === MOST_RETRIES || Date.now() + wait >= answerBy) throw fault;
      const allowed = budget.spend();
      retrying(allowed);
      if (!allowed) throw fault;
      await pause(wait, undefined, { signal }).catch(() => {
        throw faultOfAbort(signal);
      });
    }
  }
}
