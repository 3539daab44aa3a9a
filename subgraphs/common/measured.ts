import type { Histogram } from 'prom-client';
import { errorType } from './error-type.ts';
import { type SpanStart, traced } from './request-scope.ts';

type Call = (...given: never[]) => Promise<unknown>;

export type Measure = {
  readonly seconds: Histogram<'operation' | 'outcome'>;
  /** Names the span of an operation: `<span> <operation>`. */
  readonly span: string;
  readonly start: SpanStart;
};

/** The call, with its time and outcome in the metrics and a span of its own in the request's trace. */
export function measuredCall<T extends Call>(operation: string, call: T, measure: Measure): T {
  const { seconds, span, start } = measure;
  const run = async (...given: never[]) => {
    const end = seconds.startTimer({ operation });
    try {
      const answer = await call(...given);
      end({ outcome: 'ok' });
      return answer;
    } catch (error) {
      end({ outcome: errorType(error) });
      throw error;
    }
  };
  return ((...given: never[]) => traced(`${span} ${operation}`, start, () => run(...given))) as T;
}

/** The same object with these methods measured. They must not need `this`. */
export function measuredMethods<T extends object>(
  target: T,
  methods: readonly { [K in keyof T]: T[K] extends Call ? K : never }[keyof T][],
  measure: Measure,
): T {
  const measured = methods.map((name) => [
    name,
    measuredCall(String(name), target[name] as unknown as Call, measure),
  ]);
  return { ...target, ...Object.fromEntries(measured) };
}
