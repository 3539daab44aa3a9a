import type { FastifyRequest } from 'fastify';
import { RadiographError } from '#common/errors.ts';
import { isHost } from './guard/asked-host.ts';

/** The address under which the caller knows this gateway, without a last slash. */
export function ownAddress({ protocol, host }: FastifyRequest): string {
  if (!isHost(host)) throw new RadiographError('BAD_USER_INPUT', 'Expected a host name in the header host');
  return `${protocol}://${host}`;
}
