import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ServingError } from './serving-error.ts';
import { openSessionPool, type SessionPool } from './session-pool.ts';

/** States of TensorFlow Serving's ModelVersionStatus. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

export type ModelVersion = {
  readonly model: string;
  readonly version: number;
  state: VersionState;
  error?: string;
  pool?: SessionPool;
};

export type VersionChoice = { readonly version?: number; readonly label?: string };

export type ModelRegistry = AsyncDisposable & {
  readonly versions: readonly ModelVersion[];
  /** The pool of a loaded version: the one asked for, or the latest.
   *  @throws ServingError INVALID_ARGUMENT without a name or for an unknown label, NOT_FOUND */
  find(model: string, choice: VersionChoice): { version: number; pool: SessionPool };
};

/** Loads the highest version of every model under `base`. One that fails to load ends in state END and leaves the
 *  others alone. */
export async function openModelRegistry(
  base: string,
  workers: number,
  logger: Logger,
): Promise<ModelRegistry> {
  const versions = await latestVersions(base);
  await Promise.all(versions.map((entry) => load(entry, base, workers, logger)));
  return {
    versions,
    find(model, { version, label }) {
      if (model === '') throw new ServingError('INVALID_ARGUMENT', 'ModelSpec has no name specified.');
      if (label) throw new ServingError('INVALID_ARGUMENT', `Unrecognized servable version label: ${label}`);
      const [entry] = versions
        .filter((one) => one.model === model && one.state === 'AVAILABLE')
        .filter((one) => version === undefined || one.version === version)
        .sort((a, b) => b.version - a.version);
      if (entry?.pool) return { version: entry.version, pool: entry.pool };
      const wanted = version === undefined ? `Latest(${model})` : `Specific(${model}, ${version})`;
      throw new ServingError('NOT_FOUND', `Servable not found for request: ${wanted}`);
    },
    async [Symbol.asyncDispose]() {
      for (const { pool } of versions) await pool?.[Symbol.asyncDispose]();
    },
  };
}

async function latestVersions(base: string): Promise<ModelVersion[]> {
  const models = (await readdir(base, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = await Promise.all(
    models.map(async ({ name }) => {
      const numbers = (await readdir(join(base, name))).filter((entry) => /^\d+$/.test(entry)).map(Number);
      return numbers.length === 0
        ? []
        : [{ model: name, version: Math.max(...numbers), state: 'START' as const }];
    }),
  );
  return found.flat();
}

async function load(entry: ModelVersion, base: string, workers: number, logger: Logger): Promise<void> {
  const path = join(base, entry.model, String(entry.version), 'model.onnx');
  entry.state = 'LOADING';
  try {
    await access(path);
    entry.pool = await openSessionPool(path, workers);
    entry.state = 'AVAILABLE';
    logger.info({ model: entry.model, version: entry.version, workers }, 'model loaded');
  } catch (error) {
    entry.state = 'END';
    entry.error = 'The model could not be loaded';
    logger.error({ model: entry.model, version: entry.version, err: error }, 'model not loaded');
  }
}
