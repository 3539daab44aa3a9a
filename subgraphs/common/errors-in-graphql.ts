import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { codeOf, isErrorCode, RadiographError } from './errors.ts';
import { requestScope } from './request-scope.ts';

/** The GraphQL server's own refusals, which it raises before any resolver runs. */
const SERVER_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'OPERATION_RESOLUTION_FAILURE',
]);

/** Decides what of an error leaves the house: a known code keeps its sentence, all else becomes INTERNAL with
 *  an opaque reference under which the log has the cause: the id of the request, where there is one.
 *  @param formatted what the GraphQL server would send @param error what was thrown */
export function publicError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Logger,
): GraphQLFormattedError {
  const thrown = error instanceof GraphQLError && error.originalError ? error.originalError : error;
  const place = {
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
  if (thrown instanceof RadiographError && thrown.code !== 'INTERNAL') {
    if (thrown.cause !== undefined) log.warn({ code: thrown.code, err: thrown.cause }, 'request refused');
    const again = retryAfter(thrown.retryAfterSeconds);
    return { message: thrown.message, ...place, extensions: { code: thrown.code, ...again } };
  }
  // The GraphQL server writes its own code over that of our validation rules.
  const ruled = thrown instanceof GraphQLError && isErrorCode(thrown.extensions.code);
  const code = ruled ? thrown.extensions.code : formatted.extensions?.code;
  // A federated answer carries the subgraph's own public code: it was masked there already.
  if (isErrorCode(code) && code !== 'INTERNAL')
    return {
      message: formatted.message,
      ...place,
      extensions: { code, ...retryAfter(formatted.extensions?.retryAfterSeconds) },
    };
  if (typeof code === 'string' && SERVER_CODES.has(code)) {
    const name = code.startsWith('GRAPHQL_') ? code : 'BAD_USER_INPUT';
    return { message: formatted.message, ...place, extensions: { code: name } };
  }
  const known = formatted.extensions?.reference;
  const reference =
    code === 'INTERNAL' && typeof known === 'string' ? known : (requestScope()?.requestId ?? randomUUID());
  log.error({ reference, err: thrown }, 'internal error');
  return {
    message: `Something went wrong on our side. Quote this reference: ${reference}`,
    ...place,
    extensions: { code: 'INTERNAL', reference },
  };
}

function retryAfter(seconds: unknown) {
  return typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {};
}

/** The same for the errors of a result on a socket or event stream, whose protocols want errors that can write
 *  themselves. */
export function publicErrors(
  errors: readonly (GraphQLError | GraphQLFormattedError)[],
  log: Logger,
): GraphQLError[] {
  return errors.map((error) => {
    const { message, path, extensions } = publicError(
      error instanceof GraphQLError ? error.toJSON() : error,
      error,
      log,
    );
    return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
  });
}

/** What a mutation's `userErrors` holds for a fault of the input; faults of the system are thrown on. */
export function userError(error: unknown, field: readonly (string | number)[]): UserError {
  if (!(error instanceof RadiographError) || codeOf(error) === 'INTERNAL') throw error;
  return { code: error.code, message: error.message, field: field.map(String) };
}

export type UserError = { code: string; message: string; field: string[] };
