import type { KeyObject } from 'node:crypto';
import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DocumentNode } from 'graphql';
import { accessFault, accessRules } from './access.ts';
import type { Caller } from './caller.ts';
import { RadiographError } from './errors.ts';
import { tokenCheck } from './internal-token.ts';

/** What a subgraph asks of those who ask it: a token of the gateway, and in it the scopes of the fields. */
export type SubgraphAccess = {
  /** @throws RadiographError UNAUTHENTICATED */
  readonly check: (authorization: unknown) => Promise<Caller>;
  /** Refuses requests to `/graphql` without the token before their body is read. */
  guard(http: FastifyInstance): void;
  callerOf(request: FastifyRequest): Caller;
  /** Remembers for whom an operation with this context runs. */
  runsFor<Context extends object>(context: Context, caller: Caller): Context;
  /** Refuses operations with fields that their caller has no scope for. */
  plugin<Context extends BaseContext>(): ApolloServerPlugin<Context>;
  readonly rules: ReturnType<typeof accessRules>;
};

/** The GraphQL server hands a copy of the context on, and this goes with it. */
const CALLER = Symbol('caller');

export function subgraphAccess(name: string, gatewayKey: KeyObject, typeDefs: DocumentNode): SubgraphAccess {
  const checkToken = tokenCheck(gatewayKey, name);
  const check = (given: unknown) => checkToken(typeof given === 'string' ? given : undefined);
  const rules = accessRules(typeDefs);
  const requests = new WeakMap<object, Caller>();
  const known = (caller: Caller | undefined): Caller => {
    if (!caller) throw new Error('An operation runs for nobody');
    return caller;
  };
  return {
    check,
    rules,
    guard(http) {
      http.addHook('onRequest', async (request, reply) => {
        if (request.routeOptions.url !== '/graphql') return;
        try {
          requests.set(request, await check(request.headers.authorization));
        } catch (error) {
          if (!(error instanceof RadiographError)) throw error;
          const { message, code } = error;
          return reply.code(401).send({ errors: [{ message, extensions: { code } }] });
        }
      });
    },
    callerOf: (request) => known(requests.get(request)),
    runsFor: (context, caller) => ({ ...context, [CALLER]: caller }),
    plugin: () => ({
      async requestDidStart({ contextValue }) {
        return {
          async didResolveOperation({ document, operationName, schema }) {
            const caller = known((contextValue as { [CALLER]?: Caller })[CALLER]);
            const fault = accessFault(rules, schema, document, operationName, caller);
            if (fault) throw fault;
          },
        };
      },
    }),
  };
}
