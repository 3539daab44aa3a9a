import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Service } from './services.ts';

/** Checks that services can listen, before any is started: what a first installation answers on the same ports looks
 *  like theirs.
 *  @throws Error that names the port and its setting */
export async function expectFreePorts(
  services: readonly Pick<Service, 'name' | 'host' | 'ports'>[],
): Promise<void> {
  for (const { name, host, ports } of services)
    for (const [setting, port] of Object.entries(ports)) {
      const code = await faultOf(host, port);
      if (code === 'EADDRINUSE')
        throw new Error(`port ${port} is taken (is Radiograph running already?); ${setting} sets another`);
      if (code !== undefined) throw new Error(`${name} cannot listen on ${host}, port ${port}: ${code}`);
    }
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
