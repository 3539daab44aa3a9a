import { commonSettings, portSetting, readSettings } from '#common/env.ts';

export type IcuConfig = {
  readonly dataDir: string;
  readonly keysDir?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
};

export function icuConfig(env: NodeJS.ProcessEnv): IcuConfig {
  const settings = readSettings({ ...commonSettings, ICU_PORT: portSetting(4003) }, env);
  return {
    host: settings.HOST,
    port: settings.ICU_PORT,
    dataDir: settings.DATA_DIR,
    keysDir: settings.KEYS_DIR,
    logLevel: settings.LOG_LEVEL,
  };
}
