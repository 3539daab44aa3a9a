import type { Logger } from 'pino';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RadiographError } from '#common/errors.ts';
import { fastRedis } from '#common/fast-redis.ts';

const WINDOW_SECONDS = 60;

export type RateLimit = AsyncDisposable & {
  /** Requests of one caller in a minute. */
  readonly most: number;
  /** Counts one request of the caller. Never fails for want of Redis. */
  take(caller: string): Promise<Taken>;
};

/** What a caller has left of its window, which begins with its first request. */
export type Taken = {
  readonly allowed: boolean;
  readonly left: number;
  /** Until the window ends. */
  readonly seconds: number;
};

/** A fixed window of a minute for each caller. With `redisUrl` all gateways count together; while Redis cannot be
 *  asked, each counts for itself. */
export function openRateLimit(
  most: number,
  redisUrl: string | undefined,
  logger: Logger,
  told: (isThere: boolean) => void = () => undefined,
): RateLimit {
  const window = { keyPrefix: 'radiograph:rate', points: most, duration: WINDOW_SECONDS };
  const memory = new RateLimiterMemory(window);
  const tell = (isThere: boolean) => {
    told(isThere);
    if (isThere) logger.info('rate limit: Redis counts again');
    else logger.warn('rate limit: Redis cannot be asked, each gateway counts for itself');
  };
  const redis = redisUrl === undefined ? undefined : fastRedis(redisUrl, tell);
  const limiter = redis
    ? new RateLimiterRedis({
        ...window,
        storeClient: redis,
        insuranceLimiter: memory,
        rejectIfRedisNotReady: true,
        // Whoever is over the limit costs Redis nothing more.
        inMemoryBlockOnConsumed: most + 1,
      })
    : memory;
  return {
    most,
    async take(caller) {
      const taken = await limiter.consume(caller).catch((refused: unknown) => {
        if (refused instanceof RateLimiterRes) return refused;
        throw refused;
      });
      const seconds = Math.max(1, Math.ceil(taken.msBeforeNext / 1000));
      // Once blocked in memory, a caller has no count any more.
      const allowed = taken.consumedPoints > 0 && taken.consumedPoints <= most;
      return { allowed, left: allowed ? taken.remainingPoints : 0, seconds };
    },
    async [Symbol.asyncDispose]() {
      redis?.disconnect();
    },
  };
}

export function rateLimited(most: number, { seconds }: Taken): RadiographError {
  return new RadiographError(
    'RATE_LIMITED',
    `Expected at most ${most} requests in a minute, got more: try again in ${seconds} s`,
  );
}
