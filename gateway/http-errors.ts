import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import { publicError } from '#common/errors-in-graphql.ts';

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
  DEADLINE_EXCEEDED: 504,
};

/** Faults outside of GraphQL are told in its form too, with a code of the closed list; no body is echoed. */
export function tellHttpErrors(http: FastifyInstance, logger: Logger): void {
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const { known, status } = told(error, request);
    const formatted =
      known instanceof GraphQLError
        ? { message: known.message, extensions: known.extensions }
        : { message: known.message };
    return reply.code(status).send({ errors: [publicError(formatted, known, logger)] });
  });
  http.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ errors: [{ message: 'There is nothing here', extensions: { code: 'NOT_FOUND' } }] }),
  );
}

/** For addresses that the router cannot read: its own answer would repeat them. */
export function tellBadAddress(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(400)
    .send({ errors: [{ message: 'Expected an address', extensions: { code: 'BAD_USER_INPUT' } }] });
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
