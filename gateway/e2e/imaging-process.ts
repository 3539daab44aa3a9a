import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The imaging subgraph as a process that nobody starts again. */
export type ImagingProcess = AsyncDisposable & { readonly url: string; kill(): Promise<void> };

const MAIN = join(import.meta.dirname, '../../subgraphs/imaging/main.ts');

/** @param dataDir shared with the gateway, whose claims it opens */
export async function startImagingProcess(dataDir: string): Promise<ImagingProcess> {
  // No model server is there: jobs stay open.
  const env = { IMAGING_PORT: '0', TF_SERVING: 'cpu=127.0.0.1:1', DATA_DIR: dataDir, LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressOf(child);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { url, kill, [Symbol.asyncDispose]: kill };
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('Expected a pipe');
  for await (const line of createInterface({ input: stdout })) {
    const address = /"address":"(http[^"]+)"/.exec(line)?.[1];
    if (address) {
      stdout.resume();
      return address;
    }
  }
  throw new Error('The imaging subgraph ended before it listened');
}
