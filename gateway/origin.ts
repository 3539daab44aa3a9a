import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';
import type { Origin } from './context.ts';
import { credentialsOf, identify } from './guard/caller.ts';
import type { CallerAddress } from './guard/caller-address.ts';
import { forwardedHeaders } from './upstream/forwarded-headers.ts';

/** Tells where an operation comes from: of a plain request, or of a socket with its `connectionParams`.
 *  @throws RadiographError UNAUTHENTICATED, once tokens are checked */
export type OriginOf = (
  request: IncomingMessage,
  gone: AbortSignal,
  connectionParams?: Readonly<Record<string, unknown>>,
) => Promise<Origin>;

/** Nobody is authenticated, so those who share reads are a connection: two clients without a name never share an
 *  answer, unless a proxy sends both over one connection, where they are one to us in all else too. They could share
 *  without harm, since what they ask reaches the subgraph in the same bytes; but the day that rights differ, it must
 *  be the authenticated subject, and until then nothing may rest on their being equal. */
export function origins(addressOf: CallerAddress, forwardHeaders: readonly string[]): OriginOf {
  const connections = new WeakMap<Socket, string>();
  let last = 0;
  return async (request, gone, connectionParams) => {
    const { socket, headers } = request;
    const shareReadsAs = connections.get(socket) ?? `connection ${++last}`;
    connections.set(socket, shareReadsAs);
    return {
      caller: await identify(credentialsOf(headers, addressOf(request), connectionParams)),
      shareReadsAs,
      forwarded: forwardedHeaders(forwardHeaders, headers),
      requestId: headers[REQUEST_ID_HEADER],
      gone,
    };
  };
}
