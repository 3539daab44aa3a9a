import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a proxy treats bytes: hands them on · takes them and says nothing · hands them on late. */
export type ProxyMode = { kind: 'open' } | { kind: 'mute' } | { kind: 'slow'; ms: number };

export type TcpProxy = AsyncDisposable & { readonly port: number; mode: ProxyMode };

/** A proxy on a port of its own in front of a server; a test changes its mode as it goes. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const proxy: { mode: ProxyMode } = { mode: { kind: 'open' } };
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => {
      const { mode } = proxy;
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
    const target = connect(targetPort, '127.0.0.1');
    pass(client, target);
    pass(target, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}
