import { AsyncLocalStorage } from 'node:async_hooks';
import { errorType } from './error-type.ts';

export type SpanKind = 'server' | 'client' | 'internal' | 'consumer';

/** Names and codes alone: never an id, a value of a patient, SQL, a path or a host. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type SpanStart = {
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes;
  /** Others that the work is done for as well. */
  readonly links?: readonly TraceSpan[] | undefined;
};

/** A span that is open. */
export type TraceSpan = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** For those who are asked: https://www.w3.org/TR/trace-context/ */
  readonly traceparent: string;
  child(name: string, start: SpanStart): TraceSpan;
  set(attributes: SpanAttributes): void;
  /** @param code why it failed, of a closed list */
  fail(code: string): void;
  end(): void;
};

/** What begins traces in a process. */
export type Tracing = AsyncDisposable & {
  /** Opens the first span of this process in a trace; undefined when nothing is traced.
   *  @param traceparent of the caller, where it is to be believed; what is not one begins a new trace */
  begin(name: string, start: SpanStart, traceparent?: string): TraceSpan | undefined;
};

/** On whose behalf code runs. */
export type RequestScope = {
  /** Of several requests, by commas, where they are answered together. */
  readonly requestId: string;
  /** Absent where nothing is traced. */
  readonly span?: TraceSpan | undefined;
  /** The spans of the other requests that are answered together with this one. */
  readonly links?: readonly TraceSpan[];
};

const scopes = new AsyncLocalStorage<RequestScope>();

/** Undefined in what no request has asked for. */
export function requestScope(): RequestScope | undefined {
  return scopes.getStore();
}

/** Runs `work`, and all that it begins, on behalf of a request. */
export function inScope<T>(scope: RequestScope | undefined, work: () => T): T {
  return scope ? scopes.run(scope, work) : work();
}

/** `work` on behalf of the present request whoever calls it: what waits in a queue is begun by who leaves it. */
export function bound<T>(work: () => T): () => T {
  const scope = scopes.getStore();
  return () => inScope(scope, work);
}

/** Most ids that a line or a header names. */
const MOST_IDS = 16;

/** One scope for work that is done for several at once: its span belongs to the first and is linked to the others. */
export function sharedScope(all: readonly (RequestScope | undefined)[]): RequestScope | undefined {
  const known = all.filter((scope) => scope !== undefined);
  const [first] = known;
  if (!first || known.length === 1) return first;
  const ids = new Set(known.map(({ requestId }) => requestId));
  const links = known.slice(1).flatMap(({ span }) => span ?? []);
  return { requestId: [...ids].slice(0, MOST_IDS).join(','), span: first.span, links };
}

/** Runs `work` in a span below that of its request; without one it just runs. What it throws ends the span with a code. */
export async function traced<T>(
  name: string,
  start: SpanStart,
  work: (span: TraceSpan | undefined) => Promise<T> | T,
): Promise<T> {
  const scope = scopes.getStore();
  if (!scope?.span) return work(undefined);
  const { requestId, links } = scope;
  const span = scope.span.child(name, { links, ...start });
  return scopes.run({ requestId, span }, async () => {
    try {
      return await work(span);
    } catch (error) {
      span.fail(errorType(error));
      throw error;
    } finally {
      span.end();
    }
  });
}
