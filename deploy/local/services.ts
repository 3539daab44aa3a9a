import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';

/** A process of the embedded system, and where it says that it can work. */
export type Service = {
  readonly name: string;
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly host: string;
  /** Ports that it listens on, by the setting of each. */
  readonly ports: Readonly<Record<string, number>>;
  readonly readyUrl: string;
  /** How long it may take to end: more than it gives itself. */
  readonly killAfterMs: number;
};

export type LocalConfig = {
  readonly gatewayUrl: string;
  readonly dataDir: string;
  readonly logLevel: string;
  /** Groups in the order of their start; those of one group start together. */
  readonly groups: readonly (readonly Service[])[];
};

const ROOT = join(import.meta.dirname, '../..');
const LOOPBACK = '127.0.0.1';
/** More than a service's own drain deadline. */
const KILL_AFTER_MS = 20_000;

/** What `npm start` runs. With `TF_SERVING` set the embedded model server is left out.
 *
 *  `HOST` and `DRAIN_DELAY_MS` are the gateway's: those behind it have nobody else to answer, so that they stay on
 *  loopback, and end when it has ended. */
export function localConfig(env: NodeJS.ProcessEnv): LocalConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      PORT: portSetting(4000),
      IMAGING_PORT: portSetting(4001),
      HEATMAP_PORT: portSetting(4002),
      ICU_PORT: portSetting(4003),
      SERVING_GRPC_PORT: portSetting(8500),
      SERVING_REST_PORT: portSetting(8501),
      TF_SERVING: z.string().optional(),
    },
    env,
  );
  const { PORT, IMAGING_PORT, HEATMAP_PORT, ICU_PORT, SERVING_GRPC_PORT, SERVING_REST_PORT } = settings;
  const { HOST_FILE: _host, DRAIN_DELAY_MS_FILE: _delay, ...others } = env;
  const behind = (name: string, main: string, ports: Readonly<Record<string, number>>, port: number) => ({
    ...{ name, main: join(ROOT, main), host: LOOPBACK, ports, killAfterMs: KILL_AFTER_MS },
    env: { ...others, HOST: LOOPBACK, DRAIN_DELAY_MS: '0' },
    readyUrl: `http://${LOOPBACK}:${port}/readyz`,
  });
  const servingPorts = { SERVING_GRPC_PORT, SERVING_REST_PORT };
  const first = [
    ...(settings.TF_SERVING === undefined
      ? [behind('serving', 'serving/main.ts', servingPorts, SERVING_REST_PORT)]
      : []),
    behind('imaging', 'subgraphs/imaging/main.ts', { IMAGING_PORT }, IMAGING_PORT),
    behind('heatmap', 'subgraphs/heatmap/main.ts', { HEATMAP_PORT }, HEATMAP_PORT),
    behind('icu', 'subgraphs/icu/main.ts', { ICU_PORT }, ICU_PORT),
  ];
  const gateway = {
    ...{ name: 'gateway', main: join(ROOT, 'gateway/main.ts'), env, host: settings.HOST, ports: { PORT } },
    readyUrl: `http://${hostInUrl(settings.HOST, LOOPBACK)}:${PORT}/readyz`,
    killAfterMs: settings.DRAIN_DELAY_MS + KILL_AFTER_MS,
  };
  return {
    gatewayUrl: `http://${hostInUrl(settings.HOST, 'localhost')}:${PORT}`,
    dataDir: settings.DATA_DIR,
    logLevel: settings.LOG_LEVEL,
    groups: [first, [gateway]],
  };
}

/** Where this machine finds what listens on a host. */
function hostInUrl(host: string, loopback: string): string {
  if (host === LOOPBACK || host === '0.0.0.0' || host === '::') return loopback;
  return host.includes(':') ? `[${host}]` : host;
}
