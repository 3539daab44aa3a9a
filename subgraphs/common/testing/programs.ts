import { accessSync, constants, globSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
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

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  await using server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
