import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';
import { type TracingConfig, tracingConfig } from '#common/tracing-config.ts';
import { type VersionPolicy, versionPolicy } from './version-policy.ts';

export type ServingConfig = {
  readonly host: string;
  readonly grpcPort: number;
  readonly restPort: number;
  readonly logLevel: string;
  readonly tracing?: TracingConfig | undefined;
  /** How long it answers on when it is asked to stop. */
  readonly drainDelayMs?: number | undefined;
  /** Folder of `<model>/<integer version>/model.onnx`. */
  readonly modelBasePath: string;
  /** Threads that run the network; each holds a session of its own. */
  readonly workers: number;
  /** Images that may wait for a thread, of each model version; 256 when not given. */
  readonly queueLimit?: number | undefined;
  /** The latest version when not given. */
  readonly versionPolicy?: VersionPolicy | undefined;
};

export function servingConfig(env: NodeJS.ProcessEnv): ServingConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      SERVING_GRPC_PORT: portSetting(8500),
      SERVING_REST_PORT: portSetting(8501),
      MODEL_BASE_PATH: z.string().default(join(import.meta.dirname, 'models')),
      SERVING_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.min(4, availableParallelism())),
      SERVING_QUEUE_LIMIT: z.coerce.number().int().min(1).max(4_096).optional(),
      SERVING_VERSION_POLICY: z
        .string()
        .optional()
        .transform((text, context) => {
          const policy = text === undefined ? undefined : versionPolicy(text);
          if (text === undefined || policy) return policy;
          context.addIssue(`Expected latest:<n>, all or specific:<version>,…; got "${text}"`);
          return z.NEVER;
        }),
    },
    env,
  );
  return {
    host: settings.HOST,
    grpcPort: settings.SERVING_GRPC_PORT,
    restPort: settings.SERVING_REST_PORT,
    logLevel: settings.LOG_LEVEL,
    tracing: tracingConfig(settings),
    drainDelayMs: settings.DRAIN_DELAY_MS,
    modelBasePath: settings.MODEL_BASE_PATH,
    workers: settings.SERVING_WORKERS,
    queueLimit: settings.SERVING_QUEUE_LIMIT,
    versionPolicy: settings.SERVING_VERSION_POLICY,
  };
}
