/** Holds retries to a share of the traffic, so that they cannot bury a service that is already in trouble: a bucket
 *  into which each request puts `share` of a token and from which each retry takes one.
 *  Source: Finagle's RetryBudget; gRPC retry throttling (proposal A6).
 *  @param share retries for each request, in the long run
 *  @param reserve what the bucket holds at the start and at most: retries in a burst, and of few requests */
export function retryBudget({ share = 0.1, reserve = 10 } = {}) {
  let tokens = reserve;
  return {
    earn(): void {
      tokens = Math.min(reserve, tokens + share);
    },
    /** @returns whether one more retry is affordable; it is paid then */
    spend(): boolean {
      // A tenth is no binary fraction: ten of them are a little less than one.
      if (tokens < 1 - Number.EPSILON * 10) return false;
      tokens -= 1;
      return true;
    },
  };
}

export type RetryBudget = ReturnType<typeof retryBudget>;
