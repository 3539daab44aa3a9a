import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '#common/errors.ts';
import { HTTP_STATUS } from '../http-errors.ts';

/** The version of the specification. */
export const OPENAPI = '3.1.1';

/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 takes as it is. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Content = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;
type Response = {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, { description: string; schema: JsonSchema }>>;
};

/** What of an OpenAPI 3.1 operation the routes of the gateway need. */
export type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  /** Scopes that a token needs; absent for what is open to everybody. */
  readonly scopes?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: JsonSchema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
};

/** The operations of a path, by their method in small letters. */
export type Paths = Readonly<Record<string, Readonly<Partial<Record<'get' | 'post', Operation>>>>>;

export function jsonSchema(shape: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  const { $schema: _draft, ...schema } = z.toJSONSchema(shape, { io });
  return schema;
}

export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

export function answer(description: string, schema: JsonSchema, mediaType = 'application/json'): Response {
  return { description, content: { [mediaType]: { schema } } };
}

/** What a fault is answered with beside the graph: the form of an error of the graph. */
export const FAULT = jsonSchema(
  z.object({
    errors: z
      .array(
        z.object({
          message: z.string().describe('What was wanted, and what came'),
          extensions: z.object({
            code: z.enum(ERROR_CODES),
            retryAfterSeconds: z.number().optional().describe('When it makes sense to try again'),
            reference: z.string().optional().describe('For INTERNAL: the log has the cause under it'),
          }),
        }),
      )
      .min(1),
  }),
);

const WHEN: Readonly<Record<ErrorCode, string>> = {
  BAD_USER_INPUT: 'the request is not as it should be',
  UNSUPPORTED_IMAGE: 'the file is no radiograph that can be read',
  FILE_TOO_LARGE: 'the file or the body is over its limit',
  NOT_FOUND: 'there is nothing under this name',
  UNAUTHENTICATED: 'a bearer token is wanted, and none came that is good',
  FORBIDDEN: 'the caller may not do this',
  RATE_LIMITED: 'the caller asks too often',
  OVERLOADED: 'there is too much work waiting',
  MODEL_UNAVAILABLE: 'no model server answers',
  ICU_UNAVAILABLE: 'the clinical database does not answer',
  DEADLINE_EXCEEDED: 'the answer would come too late',
  QUERY_TOO_COMPLEX: 'the operation asks for too much',
  INTERNAL: 'a fault of the server',
};
const COMES_AGAIN = new Set([429, 503]);
/** What everybody may meet who asks the system to work. */
export const OF_WORK: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
];

/** The answers of a refusal with one of `codes`, by status.
 *  @param more statuses whose code says less than they do */
export function refusals(
  codes: readonly ErrorCode[],
  { fault = reference('Fault'), mediaType = 'application/json', more = {} as Record<string, string> } = {},
): Record<string, Response> {
  const told = new Map<number, string[]>();
  for (const code of codes) {
    const status = HTTP_STATUS[code] ?? 500;
    told.set(status, [...(told.get(status) ?? []), `${code}: ${WHEN[code]}`]);
  }
  for (const [status, sentence] of Object.entries(more)) told.set(Number(status), [sentence]);
  return Object.fromEntries(
    [...told].map(([status, sentences]) => [
      String(status),
      {
        ...answer(sentences.join('. '), fault, mediaType),
        ...(COMES_AGAIN.has(status) && {
          headers: {
            'retry-after': { description: 'Seconds, where that is known', schema: { type: 'integer' } },
          },
        }),
      },
    ]),
  );
}
