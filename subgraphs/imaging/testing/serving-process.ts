import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The embedded model server as a process that nobody starts again. */
export type ServingProcess = AsyncDisposable & { readonly grpcPort: number; kill(): Promise<void> };

const MAIN = join(import.meta.dirname, '../../../serving/main.ts');

/** @param grpcPort a port that was free; another one when it is left out */
export async function startServingProcess(grpcPort = 0): Promise<ServingProcess> {
  const ports = { SERVING_GRPC_PORT: String(grpcPort), SERVING_REST_PORT: '0' };
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, NODE_ENV: '', ...ports, SERVING_WORKERS: '1', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { grpcPort: await portOf(child), kill, [Symbol.asyncDispose]: kill };
}

async function portOf({ stdout }: ChildProcess): Promise<number> {
  if (!stdout) throw new Error('Expected a pipe');
  for await (const line of createInterface({ input: stdout })) {
    const port = /"grpcPort":(\d+)/.exec(line)?.[1];
    if (port) {
      stdout.resume();
      return Number(port);
    }
  }
  throw new Error('The model server ended before it listened');
}
