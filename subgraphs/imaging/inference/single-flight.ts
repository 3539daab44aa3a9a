type Flight<T> = {
  readonly answer: Promise<T>;
  readonly abandoned: AbortController;
  callers: number;
};

/** Work that several may want at the same moment is done once for all of them. Whoever aborts leaves at once and alone;
 *  the work's own signal aborts when the last has left, and who comes after that begins anew. */
export function singleFlight<T>() {
  const flights = new Map<string, Flight<T>>();

  const begin = (key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const abandoned = new AbortController();
    const flight = { answer: work(abandoned.signal), abandoned, callers: 0 };
    const end = () => void (flights.get(key) === flight && flights.delete(key));
    flight.answer.then(end, end);
    flights.set(key, flight);
    return flight;
  };

  return async (key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const flight = flights.get(key) ?? begin(key, work);
    flight.callers += 1;
    let leave = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        leave = () => reject(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
        flight.answer.then(resolve, reject);
      });
    } finally {
      signal.removeEventListener('abort', leave);
      flight.callers -= 1;
      if (flight.callers === 0) {
        if (flights.get(key) === flight) flights.delete(key);
        flight.abandoned.abort();
      }
    }
  };
}
