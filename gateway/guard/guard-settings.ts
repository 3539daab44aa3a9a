import { z } from 'zod';

const flag = z.enum(['0', '1']);

/** Settings of what a caller may ask for, and how often. */
export const guardSettings = {
  INTROSPECTION: flag.optional(),
  MAX_QUERY_COST: z.coerce.number().int().min(1).default(10_000),
  PERSISTED_OPERATIONS: z.string().optional(),
  SAFELIST: flag.default('0'),
  RATE_LIMIT: z.coerce.number().int().min(0).max(1_000_000).optional(),
  TRUSTED_PROXIES: z.string().optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
};

export type GuardConfig = {
  readonly introspection: boolean;
  readonly maxCost: number;
  /** A manifest or a folder of manifests. */
  readonly persistedOperations: string | undefined;
  readonly safelist: boolean;
  /** Requests of one caller in a minute; 0 for no limit. */
  readonly rateLimit: number;
  /** Whose X-Forwarded-For is believed: addresses, networks, or names such as `loopback`. */
  readonly trustedProxies: readonly string[];
  readonly redisUrl: string | undefined;
};

/** Beyond this machine, where nothing else was said. */
const PUBLIC_RATE_LIMIT = 600;

/** @param isLoopback whether the gateway listens on this machine alone: then it is open to its developer
 *  @throws Error for settings that contradict each other */
export function guardConfig(
  settings: z.output<z.ZodObject<typeof guardSettings>>,
  isLoopback: boolean,
): GuardConfig {
  const safelist = settings.SAFELIST === '1';
  if (safelist && settings.PERSISTED_OPERATIONS === undefined)
    throw new Error(
      'Bad settings:\nSAFELIST=1 answers the operations of PERSISTED_OPERATIONS alone: set that',
    );
  return {
    introspection: settings.INTROSPECTION === undefined ? isLoopback : settings.INTROSPECTION === '1',
    maxCost: settings.MAX_QUERY_COST,
    persistedOperations: settings.PERSISTED_OPERATIONS,
    safelist,
    rateLimit: settings.RATE_LIMIT ?? (isLoopback ? 0 : PUBLIC_RATE_LIMIT),
    trustedProxies: settings.TRUSTED_PROXIES?.split(',').map((proxy) => proxy.trim()) ?? [],
    redisUrl: settings.REDIS_URL,
  };
}
