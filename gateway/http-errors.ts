import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import { publicError } from '#common/errors-in-graphql.ts';

export const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  FILE_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  OVERLOADED: 503,
};

/** Faults outside of GraphQL are told in its form too, with a code of the closed list; no body is echoed. */
export function tellHttpErrors(http: FastifyInstance, logger: Logger): void {
  http.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const known = error instanceof RadiographError ? error : fromFramework(error);
    const told = publicError({ message: known.message }, known, logger);
    const status = known instanceof RadiographError ? (HTTP_STATUS[known.code] ?? 500) : 500;
    return reply.code(status).send({ errors: [told] });
  });
  http.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ errors: [{ message: 'There is nothing here', extensions: { code: 'NOT_FOUND' } }] }),
  );
}

function fromFramework(error: Error & { statusCode?: number }): Error {
  const status = error.statusCode ?? 500;
  if (status === 413) return new RadiographError('BAD_USER_INPUT', 'Expected a smaller body');
  if (status < 500)
    return new RadiographError('BAD_USER_INPUT', 'Expected a GraphQL request as JSON or multipart/form-data');
  return error;
}
