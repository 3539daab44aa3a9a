import { accessSync, constants, globSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** Where a program is on this machine; undefined where there is none.
 *  @param elsewhere a pattern of further folders, the last of them first */
export function program(name: string, elsewhere?: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...(elsewhere ? globSync(elsewhere).sort().reverse() : []),
  ];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Below the ports that systems give to outgoing connections (from 32768 or 49152 on), which would take the port of a
 *  server while it is started again. */
const [LOWEST_PORT, PORTS] = [10_000, 22_000];
const given = new Set<number>();

/** A port that was free a moment ago, and that this process was not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
