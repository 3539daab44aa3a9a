import type { IncomingHttpHeaders } from 'node:http';

/** What a caller shows of itself: the header `authorization` of a request, or of a WebSocket what its
 *  `connectionParams` say. A browser cannot set headers on a socket, so those count before the header of the upgrade. */
export function authorizationOf(
  headers: IncomingHttpHeaders,
  connectionParams?: Readonly<Record<string, unknown>>,
): string | undefined {
  const param = connectionParams?.authorization ?? connectionParams?.Authorization;
  return typeof param === 'string' ? param : headers.authorization;
}
