import { Redis } from 'ioredis';

const CONNECT_MS = 1_000;
const COMMAND_MS = 1_000;
const SLOWEST_RETRY_MS = 1_000;
const PROBE_KEY = 'radiograph:queue-probe';
const PROBE_SECONDS = 60;

/** A Redis that may throw jobs away when it is full. */
export class EvictingRedis extends Error {
  override name = 'EvictingRedis';
}

/** Connects to the Redis of the queue. @param blocking for a worker, whose commands wait as long as it takes */
export function queueRedis(url: string, blocking: boolean): Redis {
  const retryStrategy = (attempt: number) => Math.min(attempt * 100, SLOWEST_RETRY_MS);
  const redis = new Redis(url, {
    connectTimeout: CONNECT_MS,
    retryStrategy,
    ...(blocking
      ? { maxRetriesPerRequest: null }
      : { commandTimeout: COMMAND_MS, enableOfflineQueue: false, maxRetriesPerRequest: 0 }),
  });
  // Without a listener the library prints it, with the address.
  redis.on('error', () => undefined);
  return redis;
}

/** Finds out whether the queue can work: Redis answers, has room for a write, and evicts nothing.
 *  @throws EvictingRedis, or the fault of Redis */
export async function probeQueueRedis(redis: Redis): Promise<void> {
  const [, policy = ''] = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory')) ?? [];
  if (policy !== 'noeviction')
    throw new EvictingRedis(
      `Bad settings:\nREDIS_URL: the queue needs a Redis with maxmemory-policy noeviction, got ${policy}; ` +
        'another one may throw jobs away. A cache that evicts belongs into a Redis of its own',
    );
  await redis.set(PROBE_KEY, '', 'EX', PROBE_SECONDS);
}
