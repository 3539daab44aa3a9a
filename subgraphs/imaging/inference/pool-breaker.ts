import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { isTrouble, ServingFault } from './serving-fault.ts';

/** Few, since each batch that a dead pool fails is a detour for all its images. */
const FAULTS_IN_A_ROW = 3;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 5_000;

/** 0 all is well · 1 the next batch decides · 2 the pool is left alone. */
export type BreakerState = 0 | 1 | 2;

export type PoolBreaker = Disposable & {
  /** Whether the pool may be asked now. */
  mayAsk(): boolean;
  /** @throws ServingFault resting when the pool is left alone */
  run<T>(work: () => Promise<T>): Promise<T>;
};

/** Leaves a pool alone that failed three times in a row. From then on its health is asked, after half a second and
 *  then in pauses that double up to five; no caller pays for that. Once it is healthy, one batch decides.
 *  @param isHealthy asks the pool; may reject */
export function poolBreaker(
  isHealthy: () => Promise<boolean>,
  changed: (state: BreakerState) => void,
): PoolBreaker {
  let restMs = FIRST_REST_MS;
  let healthy = true;
  let timer: NodeJS.Timeout | undefined;
  // How long it rests is decided below: the library's own rest would let callers through before its health is known.
  const policy = circuitBreaker(handleWhen(isTrouble), {
    breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW),
    halfOpenAfter: 0,
  });
  const askLater = () => {
    timer = setTimeout(async () => {
      healthy = await isHealthy().catch(() => false);
      if (!healthy && timer) askLater();
    }, restMs).unref();
    restMs = Math.min(LONGEST_REST_MS, 2 * restMs);
  };
  changed(0);
  policy.onStateChange((state) => {
    changed(state === CircuitState.Closed ? 0 : state === CircuitState.HalfOpen ? 1 : 2);
    if (state === CircuitState.Closed) restMs = FIRST_REST_MS;
    if (state !== CircuitState.Open) return;
    healthy = false;
    askLater();
  });
  // In between, when one batch is on its way to decide, the library would let others wait for its end.
  const mayAsk = () => healthy && policy.state !== CircuitState.HalfOpen;
  return {
    mayAsk,
    async run(work) {
      if (!mayAsk()) throw resting();
      try {
        return await policy.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? resting() : error;
      }
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

export const resting = () => new ServingFault('resting', 'The model server is left alone for a while');
