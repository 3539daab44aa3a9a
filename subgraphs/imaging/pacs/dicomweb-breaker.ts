import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { DicomwebFault } from './dicomweb-fault.ts';

const FAULTS_IN_A_ROW = 3;
const REST_MS = 5_000;

/** Leaves a server alone for five seconds after three faults in a row; then one request decides. */
export function dicomwebBreaker(changed: (state: string) => void) {
  const policy = circuitBreaker(
    handleWhen((error) => countsAgainst(error, policy.state === CircuitState.HalfOpen)),
    { breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW), halfOpenAfter: REST_MS },
  );
  policy.onStateChange((state) => changed(CircuitState[state]));
  return {
    /** @throws DicomwebFault resting while the server is left alone, and what `work` throws */
    async run<T>(work: () => Promise<T>): Promise<T> {
      // While one request finds out whether it is back, the library would let all others wait for it.
      if (policy.state === CircuitState.HalfOpen) throw resting();
      try {
        return await policy.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? resting() : error;
      }
    },
  };
}

const resting = () => new DicomwebFault('resting', 'It is left alone for a while');

/** @param probing the circuit would close on an error that does not count, so what tells nothing counts then */
function countsAgainst(error: unknown, probing: boolean): boolean {
  if (!(error instanceof DicomwebFault)) return false;
  switch (error.kind) {
    case 'late':
    case 'unreachable':
    case 'refused':
    case 'unusable':
      return true;
    case 'abandoned':
      return probing;
    case 'absent':
    case 'too_large':
    case 'resting':
      return false;
    default:
      return error.kind satisfies never;
  }
}
