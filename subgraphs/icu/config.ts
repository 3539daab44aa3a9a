import { commonSettings, portSetting, readSettings } from '#common/env.ts';
import { type TracingConfig, tracingConfig } from '#common/tracing-config.ts';
import { irisConfig, irisSettings } from './engines/iris/iris-settings.ts';
import type { IrisConfig } from './engines/iris/iris-sql.ts';

export type IcuConfig = {
  readonly dataDir: string;
  readonly keysDir?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly tracing?: TracingConfig | undefined;
  /** How long it answers on when it is asked to stop. */
  readonly drainDelayMs?: number | undefined;
  /** InterSystems IRIS in place of the embedded engine. */
  readonly iris?: IrisConfig | undefined;
};

export function icuConfig(env: NodeJS.ProcessEnv): IcuConfig {
  const settings = readSettings({ ...commonSettings, ICU_PORT: portSetting(4003), ...irisSettings }, env);
  return {
    host: settings.HOST,
    port: settings.ICU_PORT,
    dataDir: settings.DATA_DIR,
    keysDir: settings.KEYS_DIR,
    logLevel: settings.LOG_LEVEL,
    tracing: tracingConfig(settings),
    drainDelayMs: settings.DRAIN_DELAY_MS,
    iris: irisConfig(settings),
  };
}
