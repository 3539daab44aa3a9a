import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FastifyReply } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { ErrorCode } from '#common/errors.ts';
import { FHIR_JSON } from './fhir-json.ts';

/** The issue types of R4 for the codes of our closed list. */
const ISSUE_TYPES: Readonly<Record<ErrorCode, OperationOutcomeIssue['code']>> = {
  BAD_USER_INPUT: 'invalid',
  UNSUPPORTED_IMAGE: 'invalid',
  FILE_TOO_LARGE: 'too-long',
  NOT_FOUND: 'not-found',
  UNAUTHENTICATED: 'login',
  FORBIDDEN: 'forbidden',
  RATE_LIMITED: 'throttled',
  OVERLOADED: 'transient',
  MODEL_UNAVAILABLE: 'transient',
  ICU_UNAVAILABLE: 'transient',
  DEADLINE_EXCEEDED: 'timeout',
  QUERY_TOO_COMPLEX: 'too-costly',
  INTERNAL: 'exception',
};
/** Where the status of HTTP says more than our code. */
const BY_STATUS: Readonly<Record<number, OperationOutcomeIssue['code']>> = {
  405: 'not-supported',
  406: 'not-supported',
  410: 'deleted',
};

/** A fault in its public form as FHIR tells it; our own code stands in `diagnostics`. */
export function operationOutcome(
  status: number,
  { message, extensions }: GraphQLFormattedError,
): OperationOutcome {
  const code = extensions?.code as ErrorCode;
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: BY_STATUS[status] ?? ISSUE_TYPES[code],
        details: { text: message },
        diagnostics: code,
      },
    ],
  };
}

/** Sends a fault with the status that the reply has. */
export function sendOutcome(reply: FastifyReply, fault: GraphQLFormattedError): FastifyReply {
  return reply.type(FHIR_JSON).send(JSON.stringify(operationOutcome(reply.statusCode, fault)));
}
