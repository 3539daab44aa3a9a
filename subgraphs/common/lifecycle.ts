import { setTimeout as pause } from 'node:timers/promises';

/** One Ctrl-C may come twice, from the terminal and from npm, which passes it on. */
const SAME_REQUEST_MS = 500;

/** Resolves when the process is asked to stop (SIGTERM, SIGINT) or its supervisor is gone. A second signal ends
 *  it at once. Resources then close in reverse order by `await using`; nothing calls `process.exit` midway.
 *
 *  A supervised process leaves SIGINT to its supervisor: a terminal sends it to all of them at once, and those behind
 *  the gateway have to answer until it has drained. */
export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const isSupervised = process.connected;
    let askedAt: number | undefined;
    const ask = (reason: string) => {
      const now = performance.now();
      if (askedAt !== undefined && now - askedAt > SAME_REQUEST_MS) process.exit(1);
      if (askedAt !== undefined) return;
      askedAt = now;
      // The pipe must not keep a process alive that has drained.
      process.channel?.unref();
      resolve(reason);
    };
    process.on('SIGTERM', () => ask('SIGTERM'));
    process.on('SIGINT', () => isSupervised || ask('SIGINT'));
    // Started by `npm start`: the pipe to the supervisor breaks when that is killed, and no orphan may stay.
    // A process that ends by itself closes the pipe too: that is no second request.
    if (isSupervised) process.on('disconnect', () => askedAt !== undefined || ask('supervisor gone'));
  });
}

/** What a process tells its supervisor when it listens. */
export const READY = 'ready';

/** Tells the supervisor, where there is one, that this process listens: `/readyz` alone could be another's answer. */
export function tellReady(): void {
  // A supervisor that is gone is heard of by the end of the pipe.
  if (process.connected) process.send?.(READY, () => undefined);
}

const DRAIN_MS = 15_000;

/** Lets go of a server: it says that it is leaving and answers on for `delayMs`, then what closes it has 15 seconds.
 *  Whoever puts an end to processes has to give them longer than both. */
export async function leave(server: { leaving(): void }, delayMs: number): Promise<void> {
  server.leaving();
  await pause(delayMs);
  drainDeadline(DRAIN_MS);
}

/** Ends the process with a failure when draining takes longer than `ms`: a hung peer must not keep it alive. */
function drainDeadline(ms: number): void {
  setTimeout(() => process.exit(1), ms).unref();
}
