import { RadiographError } from './errors.ts';

/** Header by which the gateway tells a subgraph how many milliseconds are left for the answer. */
export const DEADLINE_HEADER = 'x-radiograph-deadline-ms';

/** The reason for an abort when a connection has closed, be it after the answer. Made once: a new one takes a stack
 *  trace for each request. */
export const CONNECTION_CLOSED = new DOMException('The connection was closed', 'AbortError');

/** A signal that aborts with DEADLINE_EXCEEDED after `ms`, or when `parent` aborts. */
export function deadlineSignal(ms: number, parent?: AbortSignal): AbortSignal {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new RadiographError('DEADLINE_EXCEEDED', `Not done within ${ms} ms`)),
    ms,
  );
  timer.unref();
  // By hand: the result of AbortSignal.any can miss an abort when its sources are collected before anyone listens.
  const pass = () => {
    // Kept until its time it would hold thousands of answered requests in memory.
    clearTimeout(timer);
    late.abort(parent?.reason);
  };
  if (parent?.aborted) pass();
  else parent?.addEventListener('abort', pass, { once: true, signal: late.signal });
  return late.signal;
}

/** The remaining time from the header, or `fallback` when it is absent or makes no sense. */
export function remainingMs(header: string | undefined, fallback: number): number {
  const ms = Number(header);
  return header !== undefined && Number.isFinite(ms) && ms > 0 ? Math.min(ms, fallback) : fallback;
}
