import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  handleWhen,
  retry,
} from 'cockatiel';
import { DicomwebFault } from './dicomweb-fault.ts';

/** More than one request with its second try. */
const FAULTS_IN_A_ROW = 5;
const PAUSE_MS = 200;
const REST_MS = 5_000;

/** Tries once more what met a broken connection: all that we ask changes nothing when it is done twice. Leaves a server alone
 *  for five seconds after five faults in a row; then one request decides. */
export function dicomwebBreaker(changed: (state: string) => void) {
  const policy = circuitBreaker(
    handleWhen((error) => countsAgainst(error, policy.state === CircuitState.HalfOpen)),
    { breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW), halfOpenAfter: REST_MS },
  );
  const again = retry(
    handleWhen((error) => error instanceof DicomwebFault && error.kind === 'unreachable'),
    { maxAttempts: 1, backoff: new ConstantBackoff(PAUSE_MS) },
  );
  const once = async <T>(work: () => Promise<T>): Promise<T> => {
    // While one request finds out whether it is back, the library would let all others wait for it.
    if (policy.state === CircuitState.HalfOpen) throw resting();
    try {
      return await policy.execute(work);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? resting() : error;
    }
  };
  policy.onStateChange((state) => changed(CircuitState[state]));
  return {
    /** @throws DicomwebFault resting while the server is left alone, and what `work` throws */
    run: <T>(work: () => Promise<T>): Promise<T> => again.execute(() => once(work)),
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
