import type { FastifyRequest } from 'fastify';

const WORK =
  /^\/(?:graphql$|covid19\/api\/v1\/predict|fhir\/(?:Patient|RiskAssessment|DiagnosticReport|Observation)\/|cds-services\/)/;

/** Whether a request asks the system to work: its caller is named and counted. Probes, pages, pictures and what tells of
 *  the services do not ask, nor does OPTIONS: browsers send it ahead, without the token. */
export function asksForWork({ method, routeOptions }: FastifyRequest): boolean {
  return method !== 'OPTIONS' && WORK.test(routeOptions.url ?? '');
}
