import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Whatever may be killed. It comes back by itself, as under an orchestrator. */
export type Victim = { readonly name: string; kill(): Promise<void> };

/** A service in a process of its own that is started again whenever it ends. Disposing it kills it. */
export type Orchestrated = Victim &
  AsyncDisposable & {
    /** Resolves when the process that runs now says that it can work. @throws Error after a minute */
    ready(): Promise<void>;
    /** Asks it to stop (SIGTERM) and starts it no more. @returns its exit code */
    terminate(): Promise<number | null>;
    /** Kills it and leaves it dead until `back`. */
    away(): Promise<void>;
    back(): void;
    /** Stops it as it stands (SIGSTOP), and lets it go on. */
    hold(): void;
    resume(): void;
    /** What it said last, for each time that it ended although nobody had killed it. */
    readonly crashes: readonly string[];
  };

export type ServiceProgram = {
  readonly name: string;
  /** The program from the root of the project on, with its arguments. */
  readonly command: readonly [main: string, ...args: string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly readyUrl: string;
};

const ROOT = join(import.meta.dirname, '../../..');
/** An orchestrator takes a moment to see that a process has ended. */
const START_AGAIN_MS = 100;
const READY_MS = 60_000;
const READY_POLL_MS = 50;
const SAID_LINES = 20;

export function orchestrate({ name, command, env, readyUrl }: ServiceProgram): Orchestrated {
  const [main, ...args] = command;
  const crashes: string[] = [];
  let wanted = true;
  let child: ChildProcess;
  /** Processes that we have ended ourselves. */
  const ended = new WeakSet<ChildProcess>();

  const start = () => {
    const started = spawn(process.execPath, [join(ROOT, main), ...args], {
      env: { PATH: process.env.PATH, ...env, LOG_LEVEL: process.env.CHAOS_LOG_LEVEL ?? 'fatal' },
      // The channel breaks when the test is killed, and no orphan may stay.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    const said: string[] = [];
    const note = (bytes: Buffer) => {
      said.push(bytes.toString());
      if (process.env.CHAOS_LOG_LEVEL) process.stderr.write(`${name} ${bytes}`);
      said.splice(0, said.length - SAID_LINES);
    };
    started.stdout?.on('data', note);
    started.stderr?.on('data', note);
    started.once('close', async (code, signal) => {
      if (!ended.has(started)) crashes.push(`${name} ended with ${signal ?? code}: ${said.join('')}`);
      await pause(START_AGAIN_MS);
      if (wanted && child === started) start();
    });
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = child;
    ended.add(ending);
    if (!hasEnded(ending)) {
      ending.kill(signal);
      await once(ending, 'exit');
    }
    return ending.exitCode;
  };
  start();
  return {
    name,
    crashes,
    async kill() {
      // One that is dead already cannot be killed: the next one is.
      while (wanted && hasEnded(child)) await pause(START_AGAIN_MS / 10);
      await end('SIGKILL');
    },
    terminate() {
      wanted = false;
      return end('SIGTERM');
    },
    async away() {
      wanted = false;
      await end('SIGKILL');
    },
    back() {
      wanted = true;
      start();
    },
    hold: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async ready() {
      for (const until = Date.now() + READY_MS; ; await pause(READY_POLL_MS)) {
        const signal = AbortSignal.timeout(1_000);
        const answer = await fetch(readyUrl, { signal }).catch(() => undefined);
        await answer?.body?.cancel().catch(() => undefined);
        if (answer?.ok) return;
        if (Date.now() > until)
          throw new Error(
            `${name} did not become ready; it ended by itself: ${crashes.join('\n') || 'never'}`,
          );
      }
    },
    async [Symbol.asyncDispose]() {
      wanted = false;
      await end('SIGKILL');
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
