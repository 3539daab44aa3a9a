import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '#common/testing/programs.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = ['PORT', 'IMAGING_PORT', 'HEATMAP_PORT', 'ICU_PORT', 'SERVING_GRPC_PORT', 'SERVING_REST_PORT'];

/** What `npm start` runs, as processes of their own. */
export type Installation = AsyncDisposable & {
  readonly url: string;
  readonly dataDir: string;
  /** Its ports and its data folder, as settings. */
  readonly settings: Readonly<Record<string, string>>;
  readonly supervisor: ChildProcess;
  /** The process of a service that runs now. */
  pid(service: string): number;
  /** Resolves when the supervisor has written a line that holds `text`, from now on. */
  line(text: string): Promise<string>;
};

/** @param given variables for every process, beside those of the ports
 *  @param dataDir a folder to go on with; it is removed at the end, too
 *  @param ownGroup whether its processes are a group of their own, which can be sent a signal as a terminal does */
export async function startInstallation(
  given: NodeJS.ProcessEnv = {},
  dataDir = mkdtempSync(join(tmpdir(), 'radiograph-')),
  ownGroup = false,
): Promise<Installation> {
  const ports = await Promise.all(PORTS.map(freePort));
  const env = Object.fromEntries(PORTS.map((name, i) => [name, String(ports[i])]));
  const host = given.HOST ?? '127.0.0.1';
  const supervisor = spawn(process.execPath, [join(ROOT, 'deploy/local/start.ts')], {
    // Not the runner's NODE_ENV: libraries behave otherwise under "test".
    detached: ownGroup,
    env: { ...process.env, NODE_ENV: '', ...given, ...env, DATA_DIR: dataDir, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pids = new Map<string, number>();
  const waiting = new Map<string, (line: string) => void>();
  const lines = createInterface({ input: supervisor.stdout });
  lines.on('line', (line) => {
    const [, service, pid] = /"name":"start".*"service":"(\w+)","pid":(\d+)/.exec(line) ?? [];
    if (service && pid) pids.set(service, Number(pid));
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line);
  });
  const line = (text: string) =>
    new Promise<string>((resolve) => {
      waiting.set(text, (found) => {
        waiting.delete(text);
        resolve(found);
      });
    });
  await line('Radiograph is ready: http://');
  return {
    url: `http://${host}:${env.PORT}`,
    settings: { ...env, DATA_DIR: dataDir },
    dataDir,
    supervisor,
    line,
    pid(service) {
      const pid = pids.get(service);
      if (pid === undefined) throw new Error(`${service} was never started`);
      return pid;
    },
    async [Symbol.asyncDispose]() {
      if (supervisor.exitCode === null && supervisor.signalCode === null) {
        supervisor.kill('SIGTERM');
        await once(supervisor, 'exit');
      }
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
