import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { ServingConfig } from '../config.ts';
import { startServing } from '../server.ts';
import { type PredictAnswer, type TestClient, testClient } from './serving-test-client.ts';

export const SLOW_MODEL = join(import.meta.dirname, 'slow-models/slow/1');

export type SlowServing = AsyncDisposable & {
  /** The folder of the model's versions. */
  readonly folder: string;
  readonly restPort: number;
  readonly client: TestClient;
  /** Puts a version there as it should be done: written elsewhere, then renamed into place. */
  addVersion(version: number): void;
  /** Each version's number and state, and the error of a failed one. */
  states(): Promise<string[]>;
  /** The value of a metric, summed over those of its series whose labels contain `labels`. */
  metric(name: string, labels?: string): Promise<number>;
};

/** A model server whose only model takes some 10 ms of a core for each row, so that a test can look at it at work.
 *  @param broken versions that are there too, but hold no network */
export async function startSlowServing(
  settings: Partial<ServingConfig> = {},
  versions: readonly number[] = [1],
  broken: readonly number[] = [],
): Promise<SlowServing> {
  const base = mkdtempSync(join(tmpdir(), 'slow-'));
  const folder = join(base, 'slow');
  const addVersion = (version: number) => {
    cpSync(SLOW_MODEL, join(folder, `incoming-${version}`), { recursive: true, preserveTimestamps: true });
    renameSync(join(folder, `incoming-${version}`), join(folder, String(version)));
  };
  for (const version of versions) addVersion(version);
  for (const version of broken) {
    mkdirSync(join(folder, String(version)));
    writeFileSync(join(folder, String(version), 'model.onnx'), 'no network');
  }
  const config = { host: '127.0.0.1', grpcPort: 0, restPort: 0, logLevel: 'silent', workers: 1 };
  const server = await startServing(
    { ...config, modelBasePath: base, ...settings },
    pino({ level: 'silent' }),
  );
  const client = testClient(server.grpcPort);
  return {
    folder,
    restPort: server.restPort,
    client,
    addVersion,
    async states() {
      const { model_version_status } = await client.status({ model_spec: { name: 'slow' } });
      return model_version_status.map(({ version, state, status }) =>
        status.error_message ? `${version} ${state}: ${status.error_message}` : `${version} ${state}`,
      );
    },
    async metric(name, labels = '') {
      const text = await (await fetch(`http://127.0.0.1:${server.restPort}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** A request of one row for each value; the answer holds the values again.
 *  @param version the latest one when not given */
export function slowRequest(values: readonly number[], version?: number) {
  const content = Buffer.from(
    Float32Array.from(values.flatMap((value) => [value, value, value, value])).buffer,
  );
  const shape = { dim: [{ size: values.length }, { size: 4 }] };
  return {
    model_spec: { name: 'slow', ...(version !== undefined && { version: { value: version } }) },
    inputs: { input: { dtype: 'DT_FLOAT', tensor_shape: shape, tensor_content: content } },
  };
}

export function slowAnswer({ outputs }: PredictAnswer): number[] {
  return [...new Float32Array(new Uint8Array(outputs.mean?.tensor_content ?? []).buffer)];
}

export const numbers = (count: number) => Array.from({ length: count }, (_, row) => row + 1);
