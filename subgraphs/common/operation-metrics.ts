import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import { Counter, Histogram, type Registry } from 'prom-client';
import { SECONDS } from './metrics.ts';
import { requestScope } from './request-scope.ts';

export type OperationMetrics = ReturnType<typeof operationMetrics>;

/** What a GraphQL server tells of its operations. Their names are the clients' own and no labels. */
export function operationMetrics(registry: Registry) {
  return {
    operations: new Counter({
      name: 'graphql_operations_total',
      help: 'Operations by kind and the code of their first error',
      labelNames: ['kind', 'code'] as const,
      registers: [registry],
    }),
    seconds: new Histogram({
      name: 'graphql_operation_seconds',
      help: 'Queries and mutations from their text to their answer',
      labelNames: ['kind'] as const,
      buckets: SECONDS,
      registers: [registry],
    }),
  };
}

/** Counts and times every operation by its kind, and tells the request's span of it. */
export function observeOperations<Context extends BaseContext>({
  operations,
  seconds,
}: OperationMetrics): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      const began = performance.now();
      return {
        async willSendResponse({ operation, response }) {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          const code = String(errors?.[0]?.extensions?.code ?? 'OK');
          const kind = operation?.operation ?? 'unknown';
          operations.inc({ kind, code });
          seconds.observe({ kind }, (performance.now() - began) / 1_000);
          const span = requestScope()?.span;
          span?.set({ 'graphql.operation.type': kind });
          if (errors?.length) span?.fail(code);
        },
      };
    },
  };
}
