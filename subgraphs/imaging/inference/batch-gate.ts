/** "Batch while busy": lets at most `slots` batches be under way. A batch that waits keeps absorbing requests, so
 *  batches grow under load and nothing waits when there is none; a time window would only add its length.
 *  @returns `schedule` for DataLoader's batchScheduleFn, `done`, to be called when a batch has ended, and `isOpen`:
 *  whether a batch would go at once */
export function batchGate(slots: number): {
  schedule: (dispatch: () => void) => void;
  done: () => void;
  isOpen: () => boolean;
} {
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  const pump = () => {
    while (inFlight < slots) {
      const dispatch = waiting.shift();
      if (!dispatch) return;
      inFlight += 1;
      dispatch();
    }
  };
  return {
    schedule(dispatch) {
      waiting.push(dispatch);
      // After the I/O of this turn: requests that arrived together go together.
      setImmediate(pump);
    },
    done() {
      inFlight -= 1;
      setImmediate(pump);
    },
    isOpen: () => inFlight < slots && waiting.length === 0,
  };
}
