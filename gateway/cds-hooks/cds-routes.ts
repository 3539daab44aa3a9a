import type { FastifyError, FastifyInstance } from 'fastify';
import { RadiographError } from '#common/errors.ts';
import { readPatientRisk } from '../fhir/patient-risk.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ownAddress } from '../own-address.ts';
import type { Execute } from '../own-operation.ts';
import { CDS_SERVICES } from './cds-origins.ts';
import { cardOutcomes, HOOKS, patientOfCall } from './cds-requests.ts';
import { icuRiskCard } from './icu-risk-card.ts';

const ICU_RISK = `${CDS_SERVICES}/icu-risk`;
const PREFLIGHT_SECONDS = 600;

/** One id under several hooks is one service that is called at each of them. */
const SERVICES = HOOKS.map((hook) => ({
  hook,
  id: 'icu-risk',
  title: 'ICU risk',
  description:
    'How probable a later admission to the intensive care unit is, by the newest observations that Radiograph holds of ' +
    'the patient. Never for clinical use without approval.',
  usageRequirements: 'Patient ids are those of the clinical database that Radiograph reads.',
}));

/** The service `icu-risk` of CDS Hooks 2.0. Each call becomes a query of the graph, so that authentication, scopes, limits and
 *  errors are those of the graph. */
export function serveCdsHooks(
  http: FastifyInstance,
  execute: Execute,
  { cdsCards, cdsFeedback }: Pick<GatewayMetrics, 'cdsCards' | 'cdsFeedback'>,
): void {
  void http.register(async (cds) => {
    cds.setErrorHandler((error: FastifyError) => {
      throw isOfBody(error)
        ? new RadiographError('BAD_USER_INPUT', 'Expected a CDS Hooks request as application/json')
        : error;
    });
    cds.get(CDS_SERVICES, () => ({ services: SERVICES }));
    cds.post(ICU_RISK, async (request, reply) => {
      const patientId = patientOfCall(request.body);
      const address = ownAddress(request);
      const risk = await readPatientRisk(execute, request, reply, patientId).catch(nothingKnown);
      if (!risk) return { cards: [] };
      const card = icuRiskCard(risk, address);
      cdsCards.inc({ indicator: card.indicator });
      return { cards: [card] };
    });
    cds.post(`${ICU_RISK}/feedback`, async (request, reply) => {
      for (const outcome of cardOutcomes(request.body)) cdsFeedback.inc(outcome);
      return reply.send();
    });
    for (const [url, method] of [
      [CDS_SERVICES, 'GET'],
      [ICU_RISK, 'POST'],
      [`${ICU_RISK}/feedback`, 'POST'],
    ] as const) {
      const allowed = method === 'GET' ? [method, 'HEAD', 'OPTIONS'] : [method, 'OPTIONS'];
      cds.options(url, (_request, reply) =>
        reply
          .code(204)
          .header('allow', allowed.join(', '))
          .header('access-control-allow-methods', method)
          .header('access-control-allow-headers', 'authorization, content-type')
          .header('access-control-max-age', String(PREFLIGHT_SECONDS))
          .send(),
      );
      refuseOtherMethods(cds, url, allowed);
    }
  });
}

/** Of whom nothing is known, there is nothing to say: "If your CDS Service has no decision support for the user, your service
 *  should return a 200 HTTP response with an empty array of cards" (CDS Hooks 2.0, CDS Service Response). A service that
 *  cannot answer is another matter. Without cards a high risk would look like none, so it stays a fault: "CDS Services MAY
 *  return other HTTP statuses, specifically 4xx and 5xx HTTP error codes"; 412 is for data of the client's FHIR server. */
function nothingKnown(error: unknown): undefined {
  if (error instanceof RadiographError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}

/** Bodies that are no JSON, or of another media type; one that is too long is told as everywhere. */
function isOfBody({ statusCode }: FastifyError): boolean {
  return statusCode === 400 || statusCode === 415;
}
