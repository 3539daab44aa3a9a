import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '#common/caller.ts';
import { REQUEST_ID_HEADER } from '#common/request-id.ts';
import type { Origin } from './context.ts';
import type { Authentication } from './guard/authentication.ts';
import { authorizationOf } from './guard/credentials.ts';
import type { Staging } from './uploads/staged-uploads.ts';
import { forwardedHeaders } from './upstream/forwarded-headers.ts';

/** Tells where an operation comes from: of a plain request, or of a socket with its `connectionParams`.
 *  @throws RadiographError UNAUTHENTICATED, OVERLOADED */
export type OriginOf = (
  request: IncomingMessage,
  gone: AbortSignal,
  connectionParams?: Readonly<Record<string, unknown>>,
) => Promise<Origin>;

export function origins(
  authenticate: Authentication,
  forwardHeaders: readonly string[],
  staging: Staging,
): OriginOf {
  const connections = new WeakMap<Socket, string>();
  let last = 0;
  /** Callers without a name are told apart by their connection: two clients never share an answer, unless a proxy
   *  sends both over one connection, where they are one to us in all else too. */
  const shareReadsAs = ({ subject, scopes }: Caller, socket: Socket) => {
    if (scopes !== 'all') return JSON.stringify([subject, [...scopes].sort()]);
    const name = connections.get(socket) ?? `connection ${++last}`;
    connections.set(socket, name);
    return name;
  };
  return async (request, gone, connectionParams) => {
    const { socket, headers } = request;
    const caller = await authenticate(authorizationOf(headers, connectionParams));
    return {
      caller,
      shareReadsAs: shareReadsAs(caller, socket),
      forwarded: forwardedHeaders(forwardHeaders, headers),
      requestId: headers[REQUEST_ID_HEADER],
      gone,
      uploads: staging.of(request),
    };
  };
}
