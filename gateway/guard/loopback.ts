import { isIP } from 'node:net';

/** Whether a host, by name or by address, is always this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
