import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import { publicError } from '#common/errors-in-graphql.ts';
import { sendOutcome } from './fhir/operation-outcome.ts';

export const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  QUERY_TOO_COMPLEX: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  FILE_TOO_LARGE: 413,
  UNSUPPORTED_IMAGE: 415,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  OVERLOADED: 503,
  MODEL_UNAVAILABLE: 503,
  ICU_UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** A refusal whose status its code alone does not tell. */
export class HttpRefusal extends RadiographError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string) {
    super(code, message);
    this.status = status;
  }
}

/** Faults outside of GraphQL are told in its form too, with a code of the closed list; no body is echoed. */
export function tellHttpErrors(http: FastifyInstance, logger: Logger): void {
  http.setErrorHandler((error: FastifyError, request, reply) =>
    reply.send({ errors: [publicFault(error, request, reply, logger)] }),
  );
  http.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ errors: [{ message: 'There is nothing here', extensions: { code: 'NOT_FOUND' } }] }),
  );
}

/** What of a fault leaves the house; sets its status and when to come back. */
export function publicFault(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): GraphQLFormattedError {
  const { known, status } = told(error, request);
  const { message } = known;
  const formatted = known instanceof GraphQLError ? { message, extensions: known.extensions } : { message };
  const fault = publicError(formatted, known, logger);
  const seconds = fault.extensions?.retryAfterSeconds;
  if (typeof seconds === 'number') reply.header('retry-after', String(seconds));
  reply.code(status);
  return fault;
}

/** For addresses that the router cannot read: its own answer would repeat them. */
export function tellBadAddress(_error: Error, { url }: FastifyRequest, reply: FastifyReply): void {
  const fault = { message: 'Expected an address', extensions: { code: 'BAD_USER_INPUT' } };
  // No hook has seen the request.
  reply.code(400).header('cache-control', 'no-store');
  if (url.startsWith('/fhir/')) void sendOutcome(reply, fault);
  else void reply.send({ errors: [fault] });
}

const UNREADABLE: Record<string, readonly [status: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'Expected smaller headers'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Expected the whole request sooner'],
};

/** For what is not HTTP: there is no request yet that could be answered in the usual way. */
export function tellUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, message] = UNREADABLE[error.code ?? ''] ?? ['400 Bad Request', 'Expected HTTP/1.1'];
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function told(error: FastifyError, request: FastifyRequest): { known: Error; status: number } {
  if (error instanceof HttpRefusal) return { known: error, status: error.status };
  if (error instanceof RadiographError) return { known: error, status: HTTP_STATUS[error.code] ?? 500 };
  if (error instanceof GraphQLError)
    return { known: error, status: HTTP_STATUS[error.extensions.code as ErrorCode] ?? 400 };
  const status = error.statusCode ?? 500;
  if (status >= 500) return { known: error, status: 500 };
  return { known: new RadiographError('BAD_USER_INPUT', wanted(status, request)), status };
}

function wanted(status: number, { headers, routeOptions }: FastifyRequest): string {
  if (status !== 413) return 'Expected a GraphQL request as JSON or multipart/form-data';
  const came = Number(headers['content-length']);
  return `Expected a body of at most ${routeOptions.bodyLimit} bytes, got ${Number.isFinite(came) ? came : 'more'}`;
}
