import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.ts';

/** Tells in the header of HTTP too (RFC 9110, section 10.2.3) when what was refused makes sense again. */
export function tellRetryAfter(): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response: { body, http } }) {
          const errors = (body.kind === 'single' && body.singleResult.errors) || [];
          const seconds = errors.flatMap(({ extensions }) => Number(extensions?.retryAfterSeconds) || []);
          if (seconds.length > 0) http.headers.set('retry-after', String(Math.max(...seconds)));
        },
      };
    },
  };
}
