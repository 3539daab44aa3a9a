import { setTimeout as pause } from 'node:timers/promises';

/** Resolves when the process is asked to stop (SIGTERM, SIGINT) or its supervisor is gone. A second signal ends
 *  it at once. Resources then close in reverse order by `await using`; nothing calls `process.exit` midway. */
export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: string) => {
      if (asked) process.exit(1);
      asked = true;
      // The pipe must not keep a process alive that has drained.
      process.channel?.unref();
      resolve(reason);
    };
    process.on('SIGTERM', () => ask('SIGTERM'));
    process.on('SIGINT', () => ask('SIGINT'));
    // Started by `npm start`: the pipe to the supervisor breaks when that is killed, and no orphan may stay.
    // A process that ends by itself closes the pipe too: that is no second request.
    if (process.connected) process.on('disconnect', () => asked || ask('supervisor gone'));
  });
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
