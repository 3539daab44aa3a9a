import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';

export type ServingConfig = {
  readonly host: string;
  readonly grpcPort: number;
  readonly restPort: number;
  readonly logLevel: string;
  /** Folder of `<model>/<integer version>/model.onnx`. */
  readonly modelBasePath: string;
  /** Threads that run the network; each holds a session of its own. */
  readonly workers: number;
};

export function servingConfig(env: NodeJS.ProcessEnv): ServingConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      SERVING_GRPC_PORT: portSetting(8500),
      SERVING_REST_PORT: portSetting(8501),
      MODEL_BASE_PATH: z.string().default(join(import.meta.dirname, 'models')),
      SERVING_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.min(4, availableParallelism())),
    },
    env,
  );
  return {
    host: settings.HOST,
    grpcPort: settings.SERVING_GRPC_PORT,
    restPort: settings.SERVING_REST_PORT,
    logLevel: settings.LOG_LEVEL,
    modelBasePath: settings.MODEL_BASE_PATH,
    workers: settings.SERVING_WORKERS,
  };
}
