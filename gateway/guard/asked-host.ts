import type { IncomingMessage } from 'node:http';
import { fromTrustedProxy } from './caller-address.ts';

/** Tells the host under which a caller asked: `Host`, or what a trusted proxy says of it. Empty where neither is
 *  there, as in HTTP/1.0. */
export type AskedHost = (request: IncomingMessage) => string;

export function askedHost(trustedProxies: readonly string[]): AskedHost {
  const isProxied = fromTrustedProxy(trustedProxies);
  return (request) => {
    const { host = '', 'x-forwarded-host': forwarded } = request.headers;
    if (!forwarded || !isProxied(request)) return host;
    // As the framework reads it for our links: what the nearest proxy added stands last.
    return String(forwarded).split(',').at(-1)?.trim() ?? host;
  };
}

/** Whether a text is a host with or without a port, and nothing that an address would read otherwise. */
export function isHost(text: string): boolean {
  return !/[\s<>"'\\/?#@]/.test(text) && URL.canParse(`http://${text}`);
}
