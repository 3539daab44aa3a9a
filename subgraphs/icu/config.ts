import { commonSettings, portSetting, readSettings } from '#common/env.ts';

export type IcuConfig = {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logLevel: string;
};

export function icuConfig(env: NodeJS.ProcessEnv): IcuConfig {
  const settings = readSettings({ ...commonSettings, ICU_PORT: portSetting(4003) }, env);
  return {
    host: settings.HOST,
    port: settings.ICU_PORT,
    dataDir: settings.DATA_DIR,
    logLevel: settings.LOG_LEVEL,
  };
}
