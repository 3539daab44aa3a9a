import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** How bytes are treated: handed on · taken, and nothing said · handed on late, each way · not taken: connections are
 *  reset and refused. */
export type ProxyMode = 'open' | 'mute' | { readonly slowMs: number } | 'down';

export type FaultProxy = AsyncDisposable & {
  readonly port: number;
  turn(mode: ProxyMode): Promise<void>;
};

/** Stands on a port of its own before a server of this machine, in mode `open`. */
export async function openFaultProxy(targetPort: number): Promise<FaultProxy> {
  let mode: ProxyMode = 'open';
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    let last: Promise<unknown> = Promise.resolve();
    from.on('data', (bytes) => {
      if (mode === 'mute') return;
      const late = typeof mode === 'object' ? pause(mode.slowMs) : undefined;
      // In the order in which they came, whatever the mode has become meanwhile.
      last = last.then(() => late).then(() => to.write(bytes));
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    pass(client, target);
    pass(target, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
    if (server.listening) await once(server.close(), 'close');
  };
  return {
    port,
    async turn(next) {
      mode = next;
      if (mode === 'down') await close();
      else if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    [Symbol.asyncDispose]: close,
  };
}
