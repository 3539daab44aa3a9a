import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { ErrorCode } from '#common/errors.ts';
import type { Origin } from '../context.ts';
import { MOST_TOKENS, operationLimits } from '../guard/operation-limits.ts';
import { steadySubscriptionRoot } from '../guard/subscription-root.ts';

export type OperationRequest = {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
};

/** The context is made where the operation runs: an event of a subscription has one of its own. */
export type CheckedOperation = ExecutionArgs & { readonly contextValue: Origin };

/** Parses and checks an operation of a socket or event stream under the rules of plain HTTP.
 *  @returns what is to be executed, or the errors with their codes */
export function checkedOperation(
  schema: GraphQLSchema,
  { query, operationName, variables }: OperationRequest,
  origin: Origin,
): CheckedOperation | GraphQLError[] {
  try {
    const document = parse(query, { maxTokens: MOST_TOKENS });
    const faults = validate(schema, document, [...specifiedRules, operationLimits, steadySubscriptionRoot]);
    if (faults.length > 0) return faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
    if (!getOperationAST(document, operationName))
      return [withCode(new GraphQLError('Expected operationName to name one operation'), 'BAD_USER_INPUT')];
    return {
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
      contextValue: origin,
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
    throw error;
  }
}

/** The error with a code of the closed list, unless it has one already. */
export function withCode(
  error: GraphQLError,
  code: ErrorCode | 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED',
): GraphQLError {
  const { message, nodes, source, positions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { code, ...error.extensions } });
}
