/** Whoever waits for an answer. */
export type Waiter = {
  readonly signal: AbortSignal;
  /** ms since 1970. */
  readonly answerBy: number;
};

type Flight<T> = {
  readonly answer: Promise<T>;
  readonly answerBy: number;
  readonly cancel: AbortController;
  waiters: number;
};

/** How much of its remaining time a waiter may lose by joining a read whose deadline is nearer. */
const LOST_TIME_SHARE = 0.1;

/** Answers equal reads that are in flight at once by one request. Each waiter leaves at its own deadline; the request
 *  is given up when the last one has left.
 *  Reads are equal by their key, which holds all that the subgraph can see and who asks. A read never joins one that
 *  began before a mutation ended: it would not see what its own caller has written. */
export function sharedReads<T>() {
  const flights = new Map<string, Flight<T>>();

  const started = (key: string, answerBy: number, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const cancel = new AbortController();
    const answer = start(cancel.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight: Flight<T> = { answer, answerBy, cancel, waiters: 0 };
    flights.set(key, flight);
    return flight;
  };

  const wait = (key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      flight.waiters += 1;
      const leave = () => {
        reject(signal.reason as Error);
        flight.waiters -= 1;
        if (flight.waiters > 0) return;
        // Nobody may join what is being given up.
        if (flights.get(key) === flight) flights.delete(key);
        flight.cancel.abort(signal.reason);
      };
      const then =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          signal.removeEventListener('abort', leave);
          settle(value);
        };
      flight.answer.then(then(resolve), then(reject));
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });

  return {
    /** @param start asks the subgraph; its signal aborts when nobody waits any more
     *  @returns the answer, and whether another's request brought it */
    async join(
      key: string,
      { signal, answerBy }: Waiter,
      start: (signal: AbortSignal) => Promise<T>,
    ): Promise<{ answer: T; joined: boolean }> {
      const inFlight = flights.get(key);
      const loss = inFlight ? answerBy - inFlight.answerBy : 0;
      const joined = inFlight !== undefined && loss <= LOST_TIME_SHARE * (answerBy - Date.now());
      const flight = joined ? inFlight : started(key, answerBy, start);
      return { answer: await wait(key, flight, signal), joined };
    },
    /** A mutation began or ended: later reads ask anew. */
    forget(): void {
      flights.clear();
    },
  };
}

export type SharedReads<T> = ReturnType<typeof sharedReads<T>>;
