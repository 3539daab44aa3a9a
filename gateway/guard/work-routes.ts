import type { FastifyRequest } from 'fastify';

const WORK = /^\/(?:graphql$|covid19\/api\/v1\/predict)/;

/** Whether a request asks the system to work: its caller is named and counted. Probes, pages and pictures do not ask. */
export function asksForWork({ routeOptions }: FastifyRequest): boolean {
  return WORK.test(routeOptions.url ?? '');
}
