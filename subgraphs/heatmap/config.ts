import { commonSettings, portSetting, readSettings } from '#common/env.ts';

export type HeatmapConfig = {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logLevel: string;
};

export function heatmapConfig(env: NodeJS.ProcessEnv): HeatmapConfig {
  const settings = readSettings({ ...commonSettings, HEATMAP_PORT: portSetting(4002) }, env);
  return {
    host: settings.HOST,
    port: settings.HEATMAP_PORT,
    dataDir: settings.DATA_DIR,
    logLevel: settings.LOG_LEVEL,
  };
}
