import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { callerAddress } from './caller-address.ts';

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test.each([
  ['the peer', [], from('10.0.0.7'), '10.0.0.7'],
  ['the peer, whatever it says', [], from('10.0.0.7', '1.2.3.4'), '10.0.0.7'],
  ['whom a trusted proxy names', ['10.0.0.0/8'], from('10.0.0.7', '1.2.3.4'), '1.2.3.4'],
  ['not whom the client names to the proxy', ['loopback'], from('127.0.0.1', '6.6.6.6, 1.2.3.4'), '1.2.3.4'],
  ['an IPv4 address in IPv6', [], from('::ffff:10.0.0.7'), '10.0.0.7'],
  ['the network of an IPv6 address', [], from('2001:db8:1:2:aaaa::1'), '2001:db8:1:2::/64'],
  ['the network of a short IPv6 address', [], from('2001:db8::1'), '2001:db8:0:0::/64'],
  ['the loopback of IPv6', [], from('::1'), '0:0:0:0::/64'],
])('%s', (_name, proxies, request, expected) => {
  expect(callerAddress(proxies)(request)).toBe(expected);
});

test('a proxy that is no address is refused at the start', () => {
  expect(() => callerAddress(['nonsense'])).toThrow();
});
