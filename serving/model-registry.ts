import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServingError } from './serving-error.ts';
import type { ServingMetrics } from './serving-metrics.ts';
import { openSessionPool, type PoolOptions, type SessionPool } from './session-pool.ts';
import { type VersionFolder, versionFolders } from './version-folders.ts';
import type { VersionPolicy } from './version-policy.ts';

/** States of TensorFlow Serving's ModelVersionStatus. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

export type ModelVersion = {
  readonly model: string;
  readonly version: number;
  state: VersionState;
  /** Why it could not be loaded, and from which files. */
  failure?: { readonly message: string; readonly content: string };
  pool?: SessionPool;
};

export type VersionChoice = { readonly version?: number; readonly label?: string };

export type ModelRegistry = AsyncDisposable & {
  /** Every version that was ever seen, the highest first; unloaded ones stay, in state END. */
  readonly versions: readonly ModelVersion[];
  /** The pool of a loaded version: the one asked for, or the latest.
   *  @throws ServingError INVALID_ARGUMENT without a name or for an unknown label, NOT_FOUND */
  find(model: string, choice: VersionChoice): { version: number; pool: SessionPool };
};

export type RegistryOptions = PoolOptions & {
  readonly policy: VersionPolicy;
  readonly metrics: Pick<ServingMetrics, 'loads' | 'unloads'>;
};

/** As often as TensorFlow Serving looks. */
const POLL_MS = 1_000;

/** Serves the models under `base` and follows its folders: a new version is loaded and warm before the one that it
 *  replaces stops taking calls, finishes those it has and is unloaded. A version that fails to load is out of the
 *  choice until its files change.
 *  @returns when what is there has been loaded
 *  @throws Error when `base` cannot be read */
export async function openModelRegistry(base: string, options: RegistryOptions): Promise<ModelRegistry> {
  const { policy, metrics, logger } = options;
  let versions: ModelVersion[] = [];
  let folders: VersionFolder[] = [];
  const changes = new Set<Promise<void>>();
  const closing = new AbortController();

  const change = (work: Promise<void>) => {
    const done = work.finally(() => {
      changes.delete(done);
      if (!closing.signal.aborted) reconcile();
    });
    changes.add(done);
  };

  const reconcile = () => {
    for (const model of new Set([...folders, ...versions].map((one) => one.model))) {
      const there = folders.filter((folder) => folder.model === model);
      const known = versions.filter((entry) => entry.model === model);
      const entryOf = (version: number) => known.find((entry) => entry.version === version);
      const candidates = there.filter(
        ({ version, content, settled }) =>
          entryOf(version)?.failure === undefined ||
          (settled && entryOf(version)?.failure?.content !== content),
      );
      const wanted = policy(candidates.map(({ version }) => version));
      for (const folder of candidates) {
        const state = entryOf(folder.version)?.state;
        if (wanted.includes(folder.version) && (!state || state === 'START' || state === 'END'))
          start(folder);
      }
      const complete = wanted.every((version) => entryOf(version)?.state === 'AVAILABLE');
      for (const entry of known) {
        if (wanted.includes(entry.version)) continue;
        const gone = !there.some(({ version }) => version === entry.version);
        if (entry.state === 'START' && gone) versions = versions.filter((one) => one !== entry);
        if (entry.state === 'AVAILABLE' && complete) change(unload(entry));
      }
    }
  };

  const start = (folder: VersionFolder) => {
    const { model, version, settled } = folder;
    const entry: ModelVersion = { model, version, state: settled ? 'LOADING' : 'START' };
    versions = [...versions.filter((one) => one.model !== model || one.version !== version), entry].sort(
      (a, b) => b.version - a.version,
    );
    if (settled) change(load(entry, folder));
  };

  const load = async (entry: ModelVersion, { path, content }: VersionFolder) => {
    const { model, version } = entry;
    try {
      entry.pool = await openSessionPool(join(path, 'model.onnx'), options);
      entry.state = 'AVAILABLE';
      metrics.loads.inc({ model, outcome: 'ok' });
      logger.info({ model, version, threads: options.threads }, 'model loaded');
    } catch (error) {
      entry.state = 'END';
      entry.failure = { message: 'The model could not be loaded', content };
      metrics.loads.inc({ model, outcome: 'failed' });
      logger.error({ model, version, err: error }, 'model not loaded');
    }
  };

  const unload = async (entry: ModelVersion) => {
    const { model, version, pool } = entry;
    entry.state = 'UNLOADING';
    await pool?.drained();
    await pool?.[Symbol.asyncDispose]();
    delete entry.pool;
    entry.state = 'END';
    metrics.unloads.inc({ model });
    logger.info({ model, version }, 'model unloaded');
  };

  const look = versionFolders(base);
  const follow = async () => {
    for (let readable = true; ; ) {
      await delay(POLL_MS, undefined, { signal: closing.signal });
      try {
        folders = await look();
        readable = true;
        reconcile();
      } catch (error) {
        // A volume that is away for a moment must not unload what is served.
        if (readable) logger.warn({ err: error }, 'model folders not readable');
        readable = false;
      }
    }
  };

  folders = await look();
  reconcile();
  if (versions.some(({ state }) => state === 'START')) {
    await delay(POLL_MS);
    folders = await look();
    reconcile();
  }
  while (changes.size > 0) await Promise.all(changes);
  const following = follow().catch(() => undefined);

  return {
    get versions() {
      return versions;
    },
    find(model, { version, label }) {
      if (model === '') throw new ServingError('INVALID_ARGUMENT', 'ModelSpec has no name specified.');
      if (label) throw new ServingError('INVALID_ARGUMENT', `Unrecognized servable version label: ${label}`);
      const entry = versions.find(
        (one) => one.model === model && one.state === 'AVAILABLE' && (version ?? one.version) === one.version,
      );
      if (entry?.pool) return { version: entry.version, pool: entry.pool };
      const wanted = version === undefined ? `Latest(${model})` : `Specific(${model}, ${version})`;
      throw new ServingError('NOT_FOUND', `Servable not found for request: ${wanted}`);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await following;
      await Promise.all(changes);
      for (const { pool } of versions) await pool?.[Symbol.asyncDispose]();
    },
  };
}
