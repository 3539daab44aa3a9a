import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { SubgraphFault } from './subgraph-fault.ts';

/** More than one read with its retries, so that no single caller's bad luck opens it. */
const FAULTS_IN_A_ROW = 5;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 10_000;
/** A request that was given less than this says nothing of the service when it comes late. */
const FAIR_CHANCE_MS = 500;

/** 0 all is well · 1 the next answer decides · 2 the subgraph is left alone. */
export type BreakerState = 0 | 1 | 2;

/** Leaves a subgraph alone that failed five times in a row: what is asked of it meanwhile is refused at once. After a
 *  rest of half a second, which doubles up to ten, one request is let through to see whether it is back. */
export function subgraphBreaker(changed: (state: BreakerState) => void) {
  const policy = circuitBreaker(
    handleWhen((error) => countsAgainst(error, policy.state === CircuitState.HalfOpen)),
    {
      breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_REST_MS, maxDelay: LONGEST_REST_MS }),
    },
  );
  changed(0);
  policy.onStateChange((state) => {
    changed(state === CircuitState.Closed ? 0 : state === CircuitState.HalfOpen ? 1 : 2);
  });
  return {
    async run<T>(work: () => Promise<T>): Promise<T> {
      // The library would let it wait for the probe's end, which may take a whole deadline.
      if (policy.state === CircuitState.HalfOpen) throw refused();
      try {
        return await policy.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? refused() : error;
      }
    },
  };
}

const refused = () => new SubgraphFault('refused', 'The subgraph is left alone for a while');

/** @param probing the circuit would close on an error that does not count, so what tells nothing counts then */
function countsAgainst(error: unknown, probing: boolean): boolean {
  if (!(error instanceof SubgraphFault)) return false;
  switch (error.kind) {
    case 'unreachable':
      return true;
    case 'late':
      return probing || error.waitedMs >= FAIR_CHANCE_MS;
    case 'abandoned':
      return probing;
    case 'refused':
    case 'unusable':
    case 'too_large':
      return false;
    default:
      return error.kind satisfies never;
  }
}
