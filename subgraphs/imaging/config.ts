import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings, uploadSizeSetting } from '#common/env.ts';
import { type StorageConfig, storageConfig, storageSettings } from '#common/storage-settings.ts';
import { type TracingConfig, tracingConfig } from '#common/tracing-config.ts';
import type { InferenceConfig } from './inference/open-inference.ts';
import { inferenceConfig, inferenceSettings } from './inference-settings.ts';
import { type PacsConfig, pacsConfig, pacsSettings } from './pacs/pacs-settings.ts';

const ROLES = ['both', 'api', 'worker'] as const;

export type ImagingConfig = StorageConfig & {
  /** Whether the process answers requests, does jobs, or both, which is the default. */
  readonly role?: (typeof ROLES)[number];
  readonly host: string;
  readonly port: number;
  /** A PostgreSQL database for the ledger, in place of a file in the data folder. */
  readonly databaseUrl?: string | undefined;
  /** The Redis of the queue, in place of the ledger's own. */
  readonly redisUrl?: string | undefined;
  readonly logLevel: string;
  readonly tracing?: TracingConfig | undefined;
  /** How long it answers on when it is asked to stop. */
  readonly drainDelayMs?: number | undefined;
  readonly modelName: string;
  /** Folder of `<model name>/<version>/metadata.json`. */
  readonly modelCards: string;
  readonly inference: InferenceConfig;
  /** How long a blob that no radiograph names is left alone. */
  readonly orphanGraceMs?: number | undefined;
  /** The age at which a radiograph is deleted; never when it is left out. */
  readonly retentionMs?: number | undefined;
  /** Where studies are imported from and results go to; nowhere when it is left out. */
  readonly pacs?: PacsConfig | undefined;
  /** Of one file from the PACS. */
  readonly maxUploadBytes: number;
};

const HOUR_MS = 60 * 60_000;

/** @param args of the command line: `--role` alone */
export function imagingConfig(env: NodeJS.ProcessEnv, args: readonly string[] = []): ImagingConfig {
  const { role } = parseArgs({
    args: [...args],
    options: { role: { type: 'string', default: 'both' } },
  }).values;
  const settings = readSettings(
    {
      ...commonSettings,
      ...storageSettings,
      IMAGING_PORT: portSetting(4001),
      ...inferenceSettings,
      ...pacsSettings,
      MAX_UPLOAD_MB: uploadSizeSetting,
      // Links and remembered heatmaps rely on an hour.
      ORPHAN_GRACE_HOURS: z.coerce.number().min(1).default(24),
      RETENTION_DAYS: z.coerce.number().min(1).optional(),
      DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'expected postgres://…' }).optional(),
      '--role': z.enum(ROLES),
      MODEL_NAME: z.string().min(1).default('covid19'),
      MODEL_BASE_PATH: z.string().default(join(import.meta.dirname, '../../serving/models')),
    },
    { ...env, '--role': role },
  );
  return {
    role: settings['--role'],
    host: settings.HOST,
    port: settings.IMAGING_PORT,
    ...storageConfig(settings),
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    logLevel: settings.LOG_LEVEL,
    tracing: tracingConfig(settings),
    drainDelayMs: settings.DRAIN_DELAY_MS,
    modelName: settings.MODEL_NAME,
    modelCards: settings.MODEL_BASE_PATH,
    inference: inferenceConfig(settings),
    orphanGraceMs: settings.ORPHAN_GRACE_HOURS * HOUR_MS,
    retentionMs: settings.RETENTION_DAYS && settings.RETENTION_DAYS * 24 * HOUR_MS,
    pacs: pacsConfig(settings),
    maxUploadBytes: settings.MAX_UPLOAD_MB * 1024 * 1024,
  };
}
