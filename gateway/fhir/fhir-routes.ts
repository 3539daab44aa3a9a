import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { RadiographError } from '#common/errors.ts';
import { HttpRefusal, publicFault } from '../http-errors.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ownAddress } from '../own-address.ts';
import type { Execute } from '../own-operation.ts';
import { capabilityStatement, icuRiskOperation } from './capability-statement.ts';
import { readClassifiedRadiograph, readHeatmap } from './classified-radiograph.ts';
import {
  diagnosticReport,
  findingObservation,
  isRadiographId,
  radiographOfObservation,
} from './diagnostic-report.ts';
import { acceptsFhirJson, FHIR_JSON } from './fhir-json.ts';
import { sendOutcome } from './operation-outcome.ts';
import { PATIENT_ID, PATIENT_ID_WANTED, readPatientRisk } from './patient-risk.ts';
import { patientOfAssessment, riskAssessment } from './risk-assessment.ts';

const BASE = '/fhir';
const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;
const READ = ['GET', 'HEAD'];

type ById = { Params: { id: string; operation?: string } };

/** ICU risk and the results of radiographs as FHIR R4. Each request becomes a query of the graph, so that authentication, scopes, limits and errors are
 *  those of the graph; errors are told as OperationOutcome. */
export function serveFhir(http: FastifyInstance, execute: Execute, logger: Logger): void {
  void http.register(
    async (fhir) => {
      fhir.setErrorHandler((error: FastifyError, request, reply) =>
        sendOutcome(reply, publicFault(error, request, reply, logger)),
      );
      fhir.setNotFoundHandler(async () => {
        throw nothingHere();
      });
      fhir.addHook('onRequest', async (request, reply) => {
        reply.type(FHIR_JSON);
        if (!acceptsFhirJson(request))
          throw new HttpRefusal(406, 'BAD_USER_INPUT', 'Expected to answer with application/fhir+json of R4');
      });
      const read = (
        url: string,
        handler: (request: FastifyRequest<ById>, reply: FastifyReply) => unknown,
      ) => {
        fhir.get<ById>(url, async (request, reply) => JSON.stringify(await handler(request, reply)));
        refuseOtherMethods(fhir, url, READ);
      };
      read('/metadata', (request) => capabilityStatement(ownAddress(request) + BASE));
      read('/OperationDefinition/icu-risk', (request) => icuRiskOperation(ownAddress(request) + BASE));
      // As a parameter the operation is known by its escaped sign too, which some clients send.
      read('/Patient/:id/:operation', async (request, reply) => {
        const { id, operation } = request.params;
        if (operation !== '$icu-risk') throw nothingHere();
        if (!PATIENT_ID.test(id))
          throw new RadiographError('BAD_USER_INPUT', `Expected ${PATIENT_ID_WANTED}`);
        return riskAssessment(await readPatientRisk(execute, request, reply, id));
      });
      read('/RiskAssessment/:id', async (request, reply) => {
        const id = fhirId(request);
        const patient = patientOfAssessment(id);
        if (patient === undefined)
          throw new RadiographError('NOT_FOUND', 'There is no assessment with this id');
        const assessment = riskAssessment(await readPatientRisk(execute, request, reply, patient));
        if (assessment.id === id) return assessment;
        // Nothing is stored. To answer another risk under this id would change what somebody has read of it.
        throw new HttpRefusal(
          410,
          'NOT_FOUND',
          "Observations or the model are not those of this assessment any more: ask for the patient's $icu-risk",
        );
      });
      read('/DiagnosticReport/:id', async (request, reply) => {
        const id = fhirId(request);
        if (!isRadiographId(id)) throw new RadiographError('NOT_FOUND', 'There is no report with this id');
        const result = await readClassifiedRadiograph(execute, request, reply, id);
        const heatmap = await readHeatmap(execute, request, reply, id);
        return diagnosticReport(result, heatmap, ownAddress(request));
      });
      read('/Observation/:id', async (request, reply) => {
        const id = fhirId(request);
        const radiograph = radiographOfObservation(id);
        const observation =
          radiograph !== undefined &&
          findingObservation(await readClassifiedRadiograph(execute, request, reply, radiograph), id);
        if (!observation) throw new RadiographError('NOT_FOUND', 'There is no observation with this id');
        return observation;
      });
    },
    { prefix: BASE },
  );
}

function fhirId({ params: { id } }: FastifyRequest<ById>): string {
  if (FHIR_ID.test(id)) return id;
  throw new RadiographError(
    'BAD_USER_INPUT',
    'Expected an id of 1 to 64 letters, digits, hyphens or full stops',
  );
}

function nothingHere(): RadiographError {
  return new RadiographError('NOT_FOUND', 'There is nothing here');
}
