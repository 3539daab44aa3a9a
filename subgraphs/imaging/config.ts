import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from '#common/env.ts';

const ROLES = ['both', 'api', 'worker'] as const;

export type ImagingConfig = {
  /** Whether the process answers requests, does jobs, or both, which is the default. */
  readonly role?: (typeof ROLES)[number];
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** A PostgreSQL database for the ledger, in place of a file in the data folder. */
  readonly databaseUrl?: string | undefined;
  /** The Redis of the queue, in place of the ledger's own. */
  readonly redisUrl?: string | undefined;
  readonly logLevel: string;
  readonly modelName: string;
  /** Folder of `<model name>/<version>/metadata.json`. */
  readonly modelCards: string;
  /** Model servers in the order of preference. */
  readonly pools: readonly { readonly name: string; readonly address: string }[];
};

const POOLS = /^[a-z][a-z0-9-]*=[^=,\s]+:\d+(,[a-z][a-z0-9-]*=[^=,\s]+:\d+)*$/;

/** @param args of the command line: `--role` alone */
export function imagingConfig(env: NodeJS.ProcessEnv, args: readonly string[] = []): ImagingConfig {
  const { role } = parseArgs({
    args: [...args],
    options: { role: { type: 'string', default: 'both' } },
  }).values;
  const settings = readSettings(
    {
      ...commonSettings,
      IMAGING_PORT: portSetting(4001),
      SERVING_GRPC_PORT: portSetting(8500),
      TF_SERVING: z.string().regex(POOLS, 'expected pools such as gpu=host:8500,cpu=host:8500').optional(),
      DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'expected postgres://…' }).optional(),
      REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'expected redis://…' }).optional(),
      '--role': z.enum(ROLES),
      MODEL_NAME: z.string().min(1).default('covid19'),
      MODEL_BASE_PATH: z.string().default(join(import.meta.dirname, '../../serving/models')),
    },
    { ...env, '--role': role },
  );
  const pools = settings.TF_SERVING ?? `embedded=127.0.0.1:${settings.SERVING_GRPC_PORT}`;
  return {
    role: settings['--role'],
    host: settings.HOST,
    port: settings.IMAGING_PORT,
    dataDir: settings.DATA_DIR,
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    logLevel: settings.LOG_LEVEL,
    modelName: settings.MODEL_NAME,
    modelCards: settings.MODEL_BASE_PATH,
    pools: pools.split(',').map((pool) => {
      const [name = '', address = ''] = pool.split('=');
      return { name, address };
    }),
  };
}
