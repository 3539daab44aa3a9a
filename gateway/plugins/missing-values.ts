import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { publicError } from '#common/errors-in-graphql.ts';
import type { GatewayContext } from '../context.ts';

type Result = {
  readonly extensions?: Record<string, unknown> | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
};

/** @apollo/gateway makes null of what lacks a value that may not be null, and tells why in the extension
 *  `valueCompletion`, with codes of its own. The specification of GraphQL wants an error beside each such null.
 *  @returns the result with errors of the closed list in the extension's place */
export function withMissingValues<Told extends Result>(result: Told, log: Logger): Told {
  const { valueCompletion, ...extensions } = result.extensions ?? {};
  if (!Array.isArray(valueCompletion)) return result;
  const missing = (valueCompletion as GraphQLFormattedError[]).map(({ message, path }) =>
    publicError({ message, ...(path && { path }) }, new Error(message), log),
  );
  const { extensions: _told, ...rest } = result;
  const hasMore = Object.keys(extensions).length > 0;
  return {
    ...(rest as Told),
    errors: [...(result.errors ?? []), ...missing],
    ...(hasMore && { extensions }),
  };
}

/** The same for the answers of Apollo Server. */
export function tellMissingValues(log: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response: { body } }) {
          if (body.kind === 'single') body.singleResult = withMissingValues(body.singleResult, log);
        },
      };
    },
  };
}
