import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A service as a process that nobody starts again. Disposing it kills it. */
export type ServiceProcess = AsyncDisposable & {
  /** What its first matching line said. */
  readonly found: string;
  /** Sends a signal that ends it. @returns its exit code, null when the signal killed it */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Stops it as it stands, and lets it go on. */
  hold(): void;
  resume(): void;
};

const ROOT = join(import.meta.dirname, '../../..');

/** The imaging subgraph. Without settings of a model server none is there: jobs stay open.
 *  @param dataDir shared with the gateway, whose claims it opens */
export async function startImagingProcess(
  dataDir: string,
  { role = 'both', env = {} as NodeJS.ProcessEnv } = {},
): Promise<ServiceProcess & { readonly url: string }> {
  const given = { IMAGING_PORT: '0', TF_SERVING: 'cpu=127.0.0.1:1', ...env, DATA_DIR: dataDir };
  const args = ['subgraphs/imaging/main.ts', '--role', role];
  const started = await startService(args, given, /"address":"(http[^"]+)"/);
  return { ...started, url: started.found };
}

/** The embedded model server with the model that is shipped. */
export async function startServingProcess(): Promise<ServiceProcess & { readonly grpcPort: number }> {
  const env = { SERVING_GRPC_PORT: '0', SERVING_REST_PORT: '0' };
  const started = await startService(['serving/main.ts'], env, /"grpcPort":(\d+)/);
  return { ...started, grpcPort: Number(started.found) };
}

async function startService(
  [main = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  wanted: RegExp,
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(ROOT, main), ...args], {
    // Not the runner's NODE_ENV: libraries behave otherwise under "test".
    env: { ...process.env, NODE_ENV: '', ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  return {
    found: await firstMatch(child, wanted),
    end,
    hold: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

async function firstMatch({ stdout }: ChildProcess, wanted: RegExp): Promise<string> {
  if (!stdout) throw new Error('Expected a pipe');
  for await (const line of createInterface({ input: stdout })) {
    const found = wanted.exec(line)?.[1];
    if (found) {
      stdout.resume();
      return found;
    }
  }
  throw new Error('The service ended before it was ready');
}
