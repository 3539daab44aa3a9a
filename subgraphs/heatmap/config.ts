import { commonSettings, portSetting, readSettings } from '#common/env.ts';
import { type StorageConfig, storageConfig, storageSettings } from '#common/storage-settings.ts';
import { type TracingConfig, tracingConfig } from '#common/tracing-config.ts';

export type HeatmapConfig = StorageConfig & {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly tracing?: TracingConfig | undefined;
  /** How long it answers on when it is asked to stop. */
  readonly drainDelayMs?: number | undefined;
};

export function heatmapConfig(env: NodeJS.ProcessEnv): HeatmapConfig {
  const settings = readSettings(
    { ...commonSettings, ...storageSettings, HEATMAP_PORT: portSetting(4002) },
    env,
  );
  return {
    host: settings.HOST,
    port: settings.HEATMAP_PORT,
    ...storageConfig(settings),
    logLevel: settings.LOG_LEVEL,
    tracing: tracingConfig(settings),
    drainDelayMs: settings.DRAIN_DELAY_MS,
  };
}
