import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a proxy treats bytes and connections: hands them on · takes them and says nothing · hands them on late · refuses
 *  connections, and has ended those that there were · takes connections and resets them, as it did with those before. */
export type ProxyMode =
  | { kind: 'open' }
  | { kind: 'mute' }
  | { kind: 'slow'; ms: number }
  | { kind: 'down' }
  | { kind: 'reset' };

export type TcpProxy = AsyncDisposable & { readonly port: number; mode: ProxyMode };

/** A proxy on a port of its own in front of a server; a test changes its mode as it goes.
 *  @param port a port that was free; another one when it is left out */
export async function startTcpProxy(targetPort: number, port = 0): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = { kind: 'open' };
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (mode.kind === 'open') to.write(bytes);
      else if (mode.kind === 'slow') setTimeout(() => to.write(bytes), mode.ms);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    if (mode.kind === 'reset') return client.resetAndDestroy();
    const target = connect(targetPort, '127.0.0.1');
    pass(client, target);
    pass(target, client);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const at = (server.address() as AddressInfo).port;
  return {
    port: at,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (next.kind === 'down') server.close();
      else if (!server.listening) server.listen(at, '127.0.0.1');
      if (next.kind === 'down') for (const socket of sockets) socket.destroy();
      if (next.kind === 'reset') for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
