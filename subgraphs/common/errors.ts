/** Every code that leaves the house in `extensions.code`, next to the GraphQL server's own GRAPHQL_* codes.
 *  The code is the contract; the sentence beside it may change. */
export const ERROR_CODES = [
  'BAD_USER_INPUT',
  'UNSUPPORTED_IMAGE',
  'FILE_TOO_LARGE',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'OVERLOADED',
  'MODEL_UNAVAILABLE',
  'ICU_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'QUERY_TOO_COMPLEX',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A fault with a public code. The message is shown to the caller, so it never holds patient data, SQL, a
 *  path or a host; the `cause` is for the log alone. */
export class RadiographError extends Error {
  override name = 'RadiographError';
  readonly code: ErrorCode;
  /** When it makes sense to try again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { retryAfterSeconds?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

export function isErrorCode(text: unknown): text is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(text);
}

/** The public code of anything thrown: INTERNAL when it was not meant to be seen. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof RadiographError ? error.code : 'INTERNAL';
}
