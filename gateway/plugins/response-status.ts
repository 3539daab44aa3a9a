import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.ts';

/** Told of a document, which was understood as a request. */
const OF_DOCUMENT = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'QUERY_TOO_COMPLEX']);

/** The status of HTTP for a refused operation, as GraphQL over HTTP (draft of 2025) has it: 400, but 200 for a client
 *  that knows application/json alone and takes any other status for a fault of some proxy. */
export function responseStatus(): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ request, operation, response: { body, http } }) {
          const errors = (body.kind === 'single' && body.singleResult.errors) || [];
          const codes = errors.map(({ extensions }) => String(extensions?.code));
          if (codes.length === 0 || codes.includes('INTERNAL')) return;
          const accept = request.http?.headers.get('accept') ?? '';
          const isLegacy = !accept.includes('application/graphql-response+json');
          const isWellFormed =
            codes.every((code) => OF_DOCUMENT.has(code)) || (operation !== undefined && http.status === 400);
          if (isLegacy && isWellFormed) http.status = 200;
          // Whatever a plugin refuses, Apollo takes for a fault of ours.
          else if (http.status === 500) http.status = 400;
        },
      };
    },
  };
}
