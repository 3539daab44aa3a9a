import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { READY } from '#common/lifecycle.ts';
import type { Service } from './services.ts';

export type SupervisedProcess = AsyncDisposable & {
  readonly name: string;
  /** Resolves when the process said for the first time that it can work. */
  readonly ready: Promise<void>;
  /** Ends it at once, without a chance to drain. */
  kill(): void;
};

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A process that lived this long was well: its next crash is a first one again. */
const SETTLED_MS = 10_000;
const READY_POLL_MS = 50;
/** Crashes before readiness after which starting makes no sense: a bad setting, a port in use. */
const MOST_EARLY_CRASHES = 3;

/** Runs a service and starts it again when it dies, with growing pauses. Disposing it sends SIGTERM and waits.
 *  `ready` rejects when the service dies three times without ever having been ready. */
export function superviseProcess(service: Service, logger: Logger): SupervisedProcess {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let wasReady = false;

  const run = async (resolveReady: () => void, rejectReady: (error: Error) => void) => {
    let pauseMs = FIRST_PAUSE_MS;
    for (let crashes = 0; !stopping.signal.aborted; crashes += 1) {
      if (!wasReady && crashes >= MOST_EARLY_CRASHES)
        return rejectReady(new Error(`${service.name} does not start; its messages above say why`));
      const startedAt = Date.now();
      child = spawn(process.execPath, [service.main], {
        env: service.env,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      logger.info({ service: service.name, pid: child.pid }, 'started');
      const exited = exitOf(child);
      void untilReady(service, child, exited).then((ready) => {
        if (!ready) return;
        wasReady = true;
        resolveReady();
      });
      const how = await exited;
      if (stopping.signal.aborted) {
        if (how.code !== 0) logger.warn({ service: service.name, ...how }, 'did not drain in time');
        return;
      }
      logger.warn({ service: service.name, ...how }, 'ended unasked; starting it again');
      pauseMs =
        Date.now() - startedAt > SETTLED_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  let running: Promise<void> = Promise.resolve();
  const ready = new Promise<void>((resolve, reject) => {
    running = run(resolve, reject);
  });
  return {
    name: service.name,
    ready,
    kill: () => void child?.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      child?.kill('SIGTERM');
      const kill = setTimeout(() => child?.kill('SIGKILL'), service.killAfterMs);
      await running;
      clearTimeout(kill);
    },
  };
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Asks no URL before the process itself has said that it listens: another may answer there. */
async function untilReady(service: Service, child: ChildProcess, exited: Promise<unknown>): Promise<boolean> {
  const said = new Promise<boolean>((resolve) => {
    child.on('message', (message) => message === READY && resolve(true));
  });
  if (!(await Promise.race([said, exited.then(() => false)]))) return false;
  while (child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(service.readyUrl, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.ok && child.exitCode === null && child.signalCode === null) return true;
    await pause(READY_POLL_MS);
  }
  return false;
}
