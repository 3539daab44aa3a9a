/** Takes what a source pushes. */
export type Sink<Event> = {
  next(event: Event): void;
  error(fault: unknown): void;
  complete(): void;
};

/** Enough for the states of a job that follow each other closely. */
const MOST_WAITING = 8;

/** Lets a reader pull what a source pushes, and keeps no more than the newest few events while it does not. The
 *  source is level-triggered: an event tells the present state, so a reader that lags may skip the older ones.
 *  Written by hand: in an async generator `return()` would wait behind a pending `next()`.
 *  @param subscribe returns what ends the source; it may call the sink at once */
export function recentEvents<Event>(
  subscribe: (sink: Sink<Event>) => () => void,
  most = MOST_WAITING,
): AsyncIterableIterator<Event> {
  const waiting: Event[] = [];
  let fault: { readonly thrown: unknown } | undefined;
  let ended = false;
  let wake: () => void = () => undefined;
  const unsubscribe = subscribe({
    next(event) {
      if (ended) return;
      if (waiting.push(event) > most) waiting.shift();
      wake();
    },
    error(thrown) {
      fault = { thrown };
      wake();
    },
    complete() {
      ended = true;
      wake();
    },
  });

  return {
    async next() {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) return { done: false, value: event };
        if (fault && !ended) {
          ended = true;
          throw fault.thrown;
        }
        if (ended) return { done: true, value: undefined };
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async return() {
      ended = true;
      waiting.length = 0;
      unsubscribe();
      wake();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
