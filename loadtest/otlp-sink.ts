import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type OtlpSink = AsyncDisposable & {
  readonly url: string;
  /** Bytes of spans that have come so far. */
  bytes(): number;
};

/** A collector of traces that takes everything and keeps nothing: OTLP over HTTP, on loopback. */
export async function openOtlpSink(): Promise<OtlpSink> {
  let bytes = 0;
  const server = createServer(async (request, response) => {
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
