import { type ExecutionResult, GraphQLError } from 'graphql';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function tokenRanOut(): GraphQLError {
  return new GraphQLError('The token has run out; subscribe again with a new one', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** Ends a stream with one error when its caller's token runs out, also while the stream is silent.
 *  @param until ms since 1970 @param ended called once, when the stream is over for whatever reason */
export function untilTokenEnds(
  events: AsyncIterableIterator<ExecutionResult>,
  until: number,
  ended: () => void,
): AsyncIterableIterator<ExecutionResult> {
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    ended();
  };
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    if (until === Number.POSITIVE_INFINITY) return;
    const left = Math.max(0, until - Date.now());
    // It wakes a pending next(), which then sees why.
    const over = () => (left > LONGEST_TIMER_MS ? arm() : void events.return?.());
    timer = setTimeout(over, Math.min(left, LONGEST_TIMER_MS)).unref();
  };
  arm();
  return {
    async next() {
      if (!open) return { done: true, value: undefined };
      const step = await events.next();
      if (open && Date.now() >= until) {
        close();
        void events.return?.();
        return { done: false, value: { errors: [tokenRanOut()] } };
      }
      if (step.done) close();
      return step;
    },
    async return() {
      close();
      return (await events.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
