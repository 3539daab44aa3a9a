import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';

/** A process of the embedded system, and where it says that it can work. */
export type Service = { readonly name: string; readonly main: string; readonly readyUrl: string };

export type LocalConfig = {
  readonly gatewayUrl: string;
  readonly dataDir: string;
  readonly logLevel: string;
  /** Groups in the order of their start; those of one group start together. */
  readonly groups: readonly (readonly Service[])[];
};

const ROOT = join(import.meta.dirname, '../..');

/** What `npm start` runs. With `TF_SERVING` set the embedded model server is left out. */
export function localConfig(env: NodeJS.ProcessEnv): LocalConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      PORT: portSetting(4000),
      IMAGING_PORT: portSetting(4001),
      HEATMAP_PORT: portSetting(4002),
      ICU_PORT: portSetting(4003),
      SERVING_REST_PORT: portSetting(8501),
      TF_SERVING: z.string().optional(),
    },
    env,
  );
  const service = (name: string, main: string, port: number): Service => ({
    name,
    main: join(ROOT, main),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
  const serving = service('serving', 'serving/main.ts', settings.SERVING_REST_PORT);
  const behind = [
    ...(settings.TF_SERVING === undefined ? [serving] : []),
    service('imaging', 'subgraphs/imaging/main.ts', settings.IMAGING_PORT),
    service('heatmap', 'subgraphs/heatmap/main.ts', settings.HEATMAP_PORT),
    service('icu', 'subgraphs/icu/main.ts', settings.ICU_PORT),
  ];
  return {
    gatewayUrl: `http://localhost:${settings.PORT}`,
    dataDir: settings.DATA_DIR,
    logLevel: settings.LOG_LEVEL,
    groups: [behind, [service('gateway', 'gateway/main.ts', settings.PORT)]],
  };
}
