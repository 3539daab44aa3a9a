import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { portSetting } from '#common/env.ts';
import type { ModelTrial } from './domain/model-trial.ts';
import type { InferenceConfig } from './inference/open-inference.ts';

const POOLS = /^[a-z][a-z0-9-]*=[^=,\s]+:\d+(,[a-z][a-z0-9-]*=[^=,\s]+:\d+)*$/;
const NUMBERS = /^[a-z][a-z0-9-]*=[1-9]\d{0,5}(,[a-z][a-z0-9-]*=[1-9]\d{0,5})*$/;
const TRIAL = /^\d+:(0(\.\d+)?|1(\.0+)?)$/;

const byPool = () =>
  z
    .string()
    .regex(NUMBERS, 'expected whole numbers by pool such as gpu=1,cpu=2')
    .default('')
    .transform((text) => new Map(pairs(text).map(([pool, number]) => [pool, Number(number)])));
const trial = () =>
  z
    .string()
    .regex(TRIAL, 'expected a version and a share from 0 to 1 such as 2:0.1')
    .transform((text): ModelTrial => {
      const [version = '', share] = text.split(':');
      return { version, share: Number(share) };
    })
    .optional();

/** Settings of the way from an image to its inference. */
export const inferenceSettings = {
  SERVING_GRPC_PORT: portSetting(8500),
  SERVING_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.min(4, availableParallelism())),
  TF_SERVING: z.string().regex(POOLS, 'expected pools such as gpu=host:8500,cpu=host:8500').optional(),
  TF_SERVING_SLOTS: byPool(),
  TF_SERVING_BATCH: byPool(),
  TF_SERVING_DEADLINE_MS: byPool(),
  MODEL_CANARY: trial(),
  MODEL_SHADOW: trial(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  REDIS_CACHE_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  CACHE_TTL_SECONDS: z.coerce.number().int().min(1).max(31_536_000).default(86_400),
};

/** A GPU gains by batches and is quick; a CPU's time grows with the batch. */
const GPU = { slots: 1, maxBatch: 16, deadlineMs: 3_000 };
const CPU = { slots: 2, maxBatch: 8, deadlineMs: 10_000 };

/** @throws Error for numbers of a pool that `TF_SERVING` does not name */
export function inferenceConfig(settings: z.output<z.ZodObject<typeof inferenceSettings>>): InferenceConfig {
  const { TF_SERVING, TF_SERVING_SLOTS, TF_SERVING_BATCH, TF_SERVING_DEADLINE_MS } = settings;
  const named = pairs(TF_SERVING ?? `embedded=127.0.0.1:${settings.SERVING_GRPC_PORT}`);
  const numbers = { TF_SERVING_SLOTS, TF_SERVING_BATCH, TF_SERVING_DEADLINE_MS };
  const unknown = Object.entries(numbers).flatMap(([setting, given]) =>
    [...given.keys()]
      .filter((pool) => !named.some(([name]) => name === pool))
      .map((pool) => `✖ expected a pool of TF_SERVING, got ${pool}\n  → at ${setting}`),
  );
  if (unknown.length > 0) throw new Error(`Bad settings:\n${unknown.join('\n')}`);
  const { MODEL_CANARY: canary, MODEL_SHADOW: shadow } = settings;
  return {
    pools: named.map(([name, address]) => {
      const embedded = { ...CPU, slots: settings.SERVING_WORKERS };
      const usual = name === 'embedded' ? embedded : name.startsWith('gpu') ? GPU : CPU;
      return {
        ...{ name, address },
        slots: TF_SERVING_SLOTS.get(name) ?? usual.slots,
        maxBatch: TF_SERVING_BATCH.get(name) ?? usual.maxBatch,
        deadlineMs: TF_SERVING_DEADLINE_MS.get(name) ?? usual.deadlineMs,
      };
    }),
    trials: { ...(canary && { canary }), ...(shadow && { shadow }) },
    cache: {
      redisUrl: settings.REDIS_CACHE_URL ?? settings.REDIS_URL,
      ttlSeconds: settings.CACHE_TTL_SECONDS,
    },
  };
}

/** Reads `name=value,name=value`. */
function pairs(text: string): [name: string, value: string][] {
  return text.split(',').flatMap((pair) => {
    const [name, value] = pair.split('=');
    return name && value ? [[name, value]] : [];
  });
}
