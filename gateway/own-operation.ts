import type { ApolloServer } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { GatewayContext } from './context.ts';

/** Runs an operation of our own as if its caller had sent it to the graph: authentication, scopes, limits and errors
 *  are those of the graph.
 *  @throws GraphQLError the first error of the answer, in its public form */
export type Execute = (
  request: FastifyRequest,
  reply: FastifyReply,
  operation: { readonly query: string; readonly variables: Record<string, unknown> },
) => Promise<unknown>;

export function ownOperations(
  apollo: ApolloServer<GatewayContext>,
  context: (request: FastifyRequest, reply: FastifyReply) => Promise<GatewayContext>,
): Execute {
  return async (request, reply, operation) => {
    const { body } = await apollo.executeOperation(operation, {
      contextValue: await context(request, reply),
    });
    if (body.kind !== 'single') throw new Error('Expected one answer, got a stream of them');
    const { data, errors } = body.singleResult;
    const [error] = errors ?? [];
    if (!error) return data;
    // The caller wrote no document that could be faulty.
    if (String(error.extensions?.code).startsWith('GRAPHQL_'))
      throw new Error('The graph refuses an operation of our own', { cause: error });
    throw new GraphQLError(error.message, { extensions: error.extensions ?? null });
  };
}
