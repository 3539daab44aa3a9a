import { type ErrorCode, RadiographError } from '#common/errors.ts';

/** What was wrong with one call to a model server: it could not be reached · did not answer in its time · has too
 *  much to do · does not serve this model or version · found the request invalid · failed, or answered nonsense ·
 *  is left alone for a while. */
export type FaultKind = 'unreachable' | 'late' | 'full' | 'absent' | 'invalid' | 'broken' | 'resting';

const CODES: Readonly<Record<FaultKind, ErrorCode>> = {
  unreachable: 'MODEL_UNAVAILABLE',
  late: 'DEADLINE_EXCEEDED',
  full: 'OVERLOADED',
  absent: 'MODEL_UNAVAILABLE',
  invalid: 'INTERNAL',
  broken: 'INTERNAL',
  resting: 'MODEL_UNAVAILABLE',
};

/** A fault of a model server, with the public code that it has when no other server answers. */
export class ServingFault extends RadiographError {
  override name = 'ServingFault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(CODES[kind], message, options);
    this.kind = kind;
  }
}

export const isInvalid = (error: unknown) => error instanceof ServingFault && error.kind === 'invalid';

export const isAbsent = (error: unknown) => error instanceof ServingFault && error.kind === 'absent';

/** Whether an error says that a server is in trouble. One that answers "not this model", "not this request" or "too
 *  much to do" is alive. */
export function isTrouble(error: unknown): boolean {
  if (!(error instanceof ServingFault)) return true;
  switch (error.kind) {
    case 'unreachable':
    case 'late':
    case 'broken':
      return true;
    case 'full':
    case 'absent':
    case 'invalid':
    case 'resting':
      return false;
    default:
      return error.kind satisfies never;
  }
}
