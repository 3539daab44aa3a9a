import {
  type DocumentNode,
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
import type { DocumentCache } from '../guard/document-cache.ts';
import { conditionalSubscription, decisive, type OperationGuard } from '../guard/operation-guard.ts';
import { LIMITS } from '../guard/operation-limits.ts';

export type OperationRequest = {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
};

/** The context is made where the operation runs, since an event of a subscription has one of its own: where the
 *  operation comes from stands in its place. */
export type CheckedOperation = ExecutionArgs & { readonly contextValue: Origin };

/** Parses and checks an operation of a socket or event stream under the rules of plain HTTP.
 *  @returns what is to be executed, or the errors with their codes */
export function checkedOperation(
  schema: GraphQLSchema,
  { query, operationName, variables }: OperationRequest,
  origin: Origin,
  guard: OperationGuard,
  known: DocumentCache,
): CheckedOperation | GraphQLError[] {
  try {
    const document = known.get(query) ?? validDocument(schema, query, guard);
    if (Array.isArray(document)) return document;
    known.set(query, document);
    const operation = getOperationAST(document, operationName);
    if (!operation)
      return [withCode(new GraphQLError('Expected operationName to name one operation'), 'BAD_USER_INPUT')];
    const costed = { schema, document, operation, variables: variables ?? {} };
    const fault = guard.accessFault(costed, origin.caller) ?? guard.costFault(costed);
    if (fault) return [fault];
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

/** @throws GraphQLError when the text is none of GraphQL */
function validDocument(
  schema: GraphQLSchema,
  query: string,
  { rules, hideSuggestions }: OperationGuard,
): DocumentNode | GraphQLError[] {
  const document = parse(query, { maxTokens: LIMITS.tokens });
  const conditional = conditionalSubscription(document);
  if (conditional) return [conditional];
  const faults = validate(schema, document, [...specifiedRules, ...rules], { hideSuggestions });
  if (faults.length === 0) return document;
  return decisive(faults).map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
}

/** The error with a code of the closed list, unless it has one already. */
export function withCode(
  error: GraphQLError,
  code: ErrorCode | 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED',
): GraphQLError {
  const { message, nodes, source, positions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { code, ...error.extensions } });
}
