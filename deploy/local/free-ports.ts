import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Service } from './services.ts';

type Listening = readonly Pick<Service, 'name' | 'host' | 'ports'>[];

type Patience = {
  /** How long to wait for ports that are taken. */
  readonly ms: number;
  /** Told once what is waited for. */
  readonly tell: (message: string) => void;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
};

const POLL_MS = 200;

/** Waits until services can listen, before any is started: what a first installation answers on the same ports looks
 *  like theirs. One that was killed a moment ago is still answering its last requests.
 *  @returns false when it was aborted
 *  @throws Error that names the port and its setting when it is not free in time */
export async function untilPortsAreFree(services: Listening, patience: Patience): Promise<boolean> {
  const until = performance.now() + patience.ms;
  for (let isTold = false; !patience.signal.aborted; isTold = true) {
    const taken = await takenPort(services);
    if (taken === undefined) return true;
    if (performance.now() >= until) throw new Error(taken);
    if (!isTold) patience.tell(`${taken}. Waiting for it for ${patience.ms / 1_000} s`);
    await pause(POLL_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  }
  return false;
}

/** @throws Error when waiting would not help */
async function takenPort(services: Listening): Promise<string | undefined> {
  for (const { name, host, ports } of services)
    for (const [setting, port] of Object.entries(ports)) {
      const code = await faultOf(host, port);
      if (code === 'EADDRINUSE')
        return `port ${port} is taken (is Radiograph running already?); ${setting} sets another`;
      if (code !== undefined) throw new Error(`${name} cannot listen on ${host}, port ${port}: ${code}`);
    }
  return undefined;
}

async function faultOf(host: string, port: number): Promise<string | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
