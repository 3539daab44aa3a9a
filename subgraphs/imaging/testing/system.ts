import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { RunningServer } from '#common/subgraph-server.ts';
import { type ImagingConfig, imagingConfig } from '../config.ts';
import { imagingClient } from './client.ts';

const HOST = '127.0.0.1';
const MODELS = join(import.meta.dirname, '../../../serving/models');
/** Nothing listens there. */
export const DEAD_PORT = 1;

/** Settings of a model server on free ports. */
export const SERVING = {
  ...{ host: HOST, grpcPort: 0, restPort: 0, logLevel: 'silent' },
  ...{ modelBasePath: MODELS, workers: 1 },
};

/** Makes subgraphs on free ports for tests. They hand in the start: only the entry point and tests may know it. */
export function systems(start: (config: ImagingConfig, logger: Logger) => Promise<RunningServer>) {
  /** A subgraph with a client over a data folder that others may open before and after. */
  async function startOn(dataDir: string, modelPort: number, more: NodeJS.ProcessEnv = {}) {
    const settings = {
      ...{ IMAGING_PORT: '0', DATA_DIR: dataDir, MODEL_BASE_PATH: MODELS },
      TF_SERVING: `embedded=${HOST}:${modelPort}`,
      ...more,
    };
    const server = await start(imagingConfig(settings), pino({ level: 'silent' }));
    return {
      ...(await imagingClient(server.url, dataDir)),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }

  /** A subgraph with a client and a data folder of its own. */
  async function startSystem(modelPort: number, more: NodeJS.ProcessEnv = {}) {
    const stack = new AsyncDisposableStack();
    const folder = stack.use(await aFolder());
    const system = stack.use(await startOn(folder.path, modelPort, more));
    return { ...system, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  return { startOn, startSystem };
}

export async function aFolder() {
  const path = await mkdtemp(join(tmpdir(), 'imaging-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
