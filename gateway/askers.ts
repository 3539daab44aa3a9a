import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Asker } from './context.ts';
import { forwardedHeaders } from './upstream/forwarded-headers.ts';

/** Tells who sent a request. Nobody is authenticated, so a caller is a connection: two clients without a name never
 *  share an answer, unless a proxy sends both over one connection, where they are one to us in all else too. They
 *  could share without harm, since what they ask reaches the subgraph in the same bytes; but the day that rights
 *  differ, a caller must be the authenticated subject, and until then nothing may rest on their being equal. */
export function askers(forwardHeaders: readonly string[]): (request: IncomingMessage) => Asker {
  const connections = new WeakMap<Socket, string>();
  let last = 0;
  return ({ socket, headers }) => {
    const shareReadsAs = connections.get(socket) ?? `connection ${++last}`;
    connections.set(socket, shareReadsAs);
    return { shareReadsAs, forwarded: forwardedHeaders(forwardHeaders, headers) };
  };
}
