import type { ApolloServerPlugin } from '@apollo/server';
import { RadiographError } from '#common/errors.ts';
import type { GatewayContext } from '../context.ts';

/** A subscription needs a transport that can carry more than one answer; here is where those without end up. */
export function refusePlainSubscriptions(): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation }) {
          if (operation?.operation === 'subscription')
            throw new RadiographError(
              'BAD_USER_INPUT',
              'Expected a subscription over graphql-ws or with accept: text/event-stream or multipart/mixed;subscriptionSpec=1.0',
            );
        },
      };
    },
  };
}
