import type { ApolloServerPlugin } from '@apollo/server';
import type { Logger } from 'pino';
import type { GatewayContext } from '../context.ts';

/** One line for each operation that ends with errors: its request id, their codes, and the references under which the
 *  causes were logged, here or in a subgraph. */
export function logFaults(logger: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ contextValue, operation, response }) {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          if (!errors?.length) return;
          const codes = [...new Set(errors.map(({ extensions }) => String(extensions?.code)))];
          const references = errors.flatMap(({ extensions }) => extensions?.reference ?? []);
          const { requestId } = contextValue;
          logger.info({ requestId, kind: operation?.operation, codes, references }, 'answered with errors');
        },
      };
    },
  };
}
