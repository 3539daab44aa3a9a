import type { ApolloServerPlugin } from '@apollo/server';
import type { Counter } from 'prom-client';
import type { GatewayContext } from '../context.ts';

/** Counts every operation by its kind and the code of its first error. */
export function countOperations(operations: Counter<'kind' | 'code'>): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ operation, response }) {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          const code = errors?.[0]?.extensions?.code ?? 'OK';
          operations.inc({ kind: operation?.operation ?? 'unknown', code: String(code) });
        },
      };
    },
  };
}
