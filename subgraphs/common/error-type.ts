import { codeOf, RadiographError } from './errors.ts';

const WORD = /^[a-z][a-z_-]{0,31}$/;

/** A word for anything thrown, for metrics and traces: the kind of a fault where it has one (a closed list each), else
 *  its public code. Never of its message. */
export function errorType(error: unknown): string {
  const { kind } = (error ?? {}) as { kind?: unknown };
  if (error instanceof Error && typeof kind === 'string' && WORD.test(kind)) return kind;
  if (error instanceof RadiographError) return error.code;
  if (error instanceof DOMException && error.name === 'AbortError') return 'aborted';
  return codeOf(error);
}
