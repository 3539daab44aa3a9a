import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddress from '@fastify/proxy-addr';

/** Whether a request comes straight from a trusted proxy, whose own headers are believed. */
export function fromTrustedProxy(trustedProxies: readonly string[]): (request: IncomingMessage) => boolean {
  const isTrusted = proxyAddress.compile([...trustedProxies]);
  return ({ socket }) => isTrusted(socket.remoteAddress ?? '', 0);
}

export type CallerAddress = (request: IncomingMessage) => string;

/** Tells callers apart by the address that they come from. X-Forwarded-For counts where a trusted proxy wrote it.
 *  An IPv6 caller is known by the /64 network, of which it has every address.
 *  @throws Error for a proxy that is neither an address, a network nor a name that the library knows */
export function callerAddress(trustedProxies: readonly string[]): CallerAddress {
  const isTrusted = proxyAddress.compile([...trustedProxies]);
  return (request) => {
    const address = proxyAddress(request, isTrusted) ?? '';
    const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
    if (mapped) return mapped;
    return isIPv6(address) ? `${network(address)}::/64` : address;
  };
}

function network(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest].slice(0, 4).join(':');
}
