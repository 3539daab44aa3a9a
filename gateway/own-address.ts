import type { FastifyRequest } from 'fastify';
import { RadiographError } from '#common/errors.ts';

/** The address under which the caller knows this gateway, without a last slash. */
export function ownAddress({ protocol, host }: FastifyRequest): string {
  const address = `${protocol}://${host}`;
  if (/[\s<>"'\\/?#@]/.test(host) || !URL.canParse(address))
    throw new RadiographError('BAD_USER_INPUT', 'Expected a host name in the header host');
  return address;
}
