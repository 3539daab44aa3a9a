import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { ReplyError } from 'ioredis';
import type { Logger } from 'pino';
import { fastRedis } from '#common/fast-redis.ts';
import type { InferenceCache } from '../domain/inference-cache.ts';
import { decodeInference, encodeInference, modelField } from './inference-codec.ts';
import type { InferenceMetrics } from './inference-metrics.ts';

const FAULTS_IN_A_ROW = 3;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 5_000;

class CacheFault extends Error {
  override name = 'CacheFault';
}

/** Keeps inferences in a Redis that may be dead, mute, full or slow: an image is a hash with a field for each model
 *  version, so that one command forgets it. Nothing of a patient is in it; the address is an HMAC. */
export function redisInferenceCache(
  url: string,
  ttlSeconds: number,
  metrics: InferenceMetrics,
  logger: Logger,
): InferenceCache {
  const redis = fastRedis(url, (isThere) => {
    if (isThere) logger.info('cache of inferences: Redis is there again');
    else logger.warn('cache of inferences: Redis cannot be asked, everything is inferred');
  });
  const policy = circuitBreaker(
    handleWhen((error) => error instanceof CacheFault),
    {
      breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_REST_MS, maxDelay: LONGEST_REST_MS }),
    },
  );
  metrics.cacheBreaker.set(0);
  policy.onStateChange((state) =>
    metrics.cacheBreaker.set(state === CircuitState.Closed ? 0 : state === CircuitState.HalfOpen ? 1 : 2),
  );
  let lastFault = Number.NEGATIVE_INFINITY;
  const run = async <T>(command: () => Promise<T>): Promise<T> => {
    // The library would let it wait for the end of the one that probes.
    if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
    const since = performance.now();
    return policy.execute(() =>
      command().catch((error: unknown) => {
        // Replies such as "out of memory" come from a server that can be asked. And whatever was under way at the same
        // moment counts once: a stall of this process makes all of it late.
        if (error instanceof ReplyError || since <= lastFault) throw error;
        lastFault = performance.now();
        throw new CacheFault('The cache cannot be asked', { cause: error });
      }),
    );
  };
  const keyOf = (address: string) => `radiograph:inference:${address}`;
  const outcomeOf = (error: unknown) => (error instanceof BrokenCircuitError ? 'resting' : 'error');

  return {
    async get(address, model) {
      const [key, field] = [keyOf(address), modelField(model)];
      try {
        const bytes = await run(() => redis.hgetBuffer(key, field));
        const hit = bytes ? decodeInference(bytes, key + field, model) : undefined;
        metrics.cacheLookups.inc({ outcome: hit ? 'hit' : bytes ? 'poisoned' : 'miss' });
        // Sent before what replaces it, on the same connection.
        if (bytes && !hit) run(() => redis.hdel(key, field)).catch(() => undefined);
        return hit;
      } catch (error) {
        metrics.cacheLookups.inc({ outcome: outcomeOf(error) });
        return undefined;
      }
    },
    async set(address, model, inference) {
      const [key, field] = [keyOf(address), modelField(model)];
      try {
        // Together: an entry without an end would stay for ever.
        const replies = await run(() =>
          redis
            .multi()
            .hset(key, field, encodeInference(inference, key + field))
            .expire(key, ttlSeconds)
            .exec(),
        );
        const fault = replies?.find(([error]) => error)?.[0];
        if (fault) throw fault;
        metrics.cacheWrites.inc({ outcome: 'stored' });
      } catch (error) {
        metrics.cacheWrites.inc({ outcome: outcomeOf(error) });
      }
    },
    async forget(address) {
      await run(() => redis.unlink(keyOf(address)));
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}
