import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RadiographError } from '#common/errors.ts';

const WINDOW_SECONDS = 60;
/** A Redis that is slower is worth less than an answer: the limit in memory takes over. */
const COMMAND_MS = 50;
const SILENT_SOCKET_MS = 250;

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
export function openRateLimit(most: number, redisUrl: string | undefined, logger: Logger): RateLimit {
  const window = { keyPrefix: 'radiograph:rate', points: most, duration: WINDOW_SECONDS };
  const memory = new RateLimiterMemory(window);
  const redis = redisUrl === undefined ? undefined : connected(redisUrl, logger);
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

/** Fails fast whatever state the server is in: refused, cut off, or connected and mute. */
function connected(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENT_SOCKET_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let isCounting = true;
  const tell = (counts: boolean) => {
    if (counts === isCounting) return;
    isCounting = counts;
    if (counts) logger.info('rate limit: Redis counts again');
    else logger.warn('rate limit: Redis cannot be asked, each gateway counts for itself');
  };
  redis.on('ready', () => tell(true));
  redis.on('close', () => tell(false));
  // Without a listener the library prints it, with the address.
  redis.on('error', () => tell(false));
  return redis;
}
