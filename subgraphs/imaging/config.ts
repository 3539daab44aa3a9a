import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';
import { type StorageConfig, storageConfig, storageSettings } from '#common/storage-settings.ts';
import type { InferenceConfig } from './inference/open-inference.ts';
import { inferenceConfig, inferenceSettings } from './inference-settings.ts';

export type ImagingConfig = StorageConfig & {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly modelName: string;
  /** Folder of `<model name>/<version>/metadata.json`. */
  readonly modelCards: string;
  readonly inference: InferenceConfig;
};

export function imagingConfig(env: NodeJS.ProcessEnv): ImagingConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      ...storageSettings,
      IMAGING_PORT: portSetting(4001),
      ...inferenceSettings,
      MODEL_NAME: z.string().min(1).default('covid19'),
      MODEL_BASE_PATH: z.string().default(join(import.meta.dirname, '../../serving/models')),
    },
    env,
  );
  return {
    host: settings.HOST,
    port: settings.IMAGING_PORT,
    ...storageConfig(settings),
    logLevel: settings.LOG_LEVEL,
    modelName: settings.MODEL_NAME,
    modelCards: settings.MODEL_BASE_PATH,
    inference: inferenceConfig(settings),
  };
}
