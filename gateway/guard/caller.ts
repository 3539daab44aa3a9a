import type { IncomingHttpHeaders } from 'node:http';

/** Who asks. Limits of one caller are counted under `id`. */
export type Caller = { readonly id: string };

/** What a caller shows of itself, whatever the transport. */
export type Credentials = {
  /** The value of an `authorization` header. */
  readonly authorization: string | undefined;
  /** Address of the other end of the socket. */
  readonly address: string;
};

/** The credentials of a request, or of a WebSocket with its `connectionParams`. A browser cannot set headers on a
 *  socket, so what it sends in `connectionParams.authorization` counts before the header of the upgrade. */
export function credentialsOf(
  headers: IncomingHttpHeaders,
  address: string | undefined,
  connectionParams?: Readonly<Record<string, unknown>>,
): Credentials {
  const param = connectionParams?.authorization ?? connectionParams?.Authorization;
  return {
    authorization: typeof param === 'string' ? param : headers.authorization,
    address: address ?? 'unknown',
  };
}

/** The one place where credentials become a caller. Nobody is authenticated yet: a caller is an address.
 *  @throws RadiographError UNAUTHENTICATED, once tokens are checked */
export async function identify({ address }: Credentials): Promise<Caller> {
  return { id: address };
}
