import { ApolloServer, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import {
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import { accessFault } from './access.ts';
import type { Caller } from './caller.ts';
import { closingAnswers } from './closing-answers.ts';
import { CONNECTION_CLOSED, DEADLINE_HEADER, deadlineSignal, remainingMs } from './deadline.ts';
import { RadiographError } from './errors.ts';
import { publicError, publicErrors } from './errors-in-graphql.ts';
import { openGatewayPublicKey } from './gateway-key.ts';
import { observeHttp } from './observed-http.ts';
import { observeOperations, operationMetrics } from './operation-metrics.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';
import { inScope, type Tracing } from './request-scope.ts';
import { type SubgraphAccess, subgraphAccess } from './subgraph-access.ts';

/** What a subgraph's context is made from. */
export type RequestFacts = {
  readonly requestId: string;
  readonly caller: Caller;
  /** Aborts when the gateway's deadline has passed or the caller is gone. */
  readonly signal: AbortSignal;
};

export type SubgraphOptions<Context extends BaseContext> = {
  /** As the supergraph names it: the gateway's tokens are good for this subgraph alone. */
  readonly name: string;
  readonly dataDir: string;
  /** Where the gateway's public key lies, if not in the data folder. */
  readonly keysDir?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly typeDefs: DocumentNode;
  readonly resolvers: object;
  /** Called for each operation: per-request loaders are made here. */
  readonly context: (facts: RequestFacts) => Context;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly tracing?: Tracing | undefined;
  /** Whether the service can do its work now; a dependency that it can do without does not count. */
  readonly ready: () => boolean | Promise<boolean>;
};

export type RunningServer = AsyncDisposable & {
  readonly url: string;
  /** From now on `/readyz` says that nobody should send more; what is sent all the same is answered. */
  leaving(): void;
};

const LONGEST_REQUEST_MS = 60_000;
/** How long requests in flight may take when the server ends: less than their process has to end. */
const LAST_REQUEST_MS = 6_000;
const BODY_LIMIT = 4 * 1024 * 1024;

/** Serves a federated subgraph: `POST /graphql`, graphql-ws on the same path, `/healthz`, `/readyz`, `/metrics`.
 *  Disposing it stops accepting, ends subscriptions with 1001, and waits for requests in flight; those that take longer
 *  than six seconds are told that their time is up. */
export async function startSubgraph<Context extends BaseContext>(
  options: SubgraphOptions<Context>,
): Promise<RunningServer> {
  const { logger } = options;
  const access = subgraphAccess(
    options.name,
    await openGatewayPublicKey(options.dataDir, options.keysDir),
    options.typeDefs,
  );
  const schema = buildSubgraphSchema({ typeDefs: options.typeDefs, resolvers: options.resolvers as never });
  const http = fastify({
    bodyLimit: BODY_LIMIT,
    genReqId: ({ headers }) => requestIdOf(headers[REQUEST_ID_HEADER]),
    // Above the gateway's own idle time: a socket that we close first gives it ECONNRESET.
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
  });
  // Nobody but the gateway is answered, and what others send of a trace harms nobody.
  observeHttp(http, { ...options, believes: () => true });
  const operations = operationMetrics(options.metrics);
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    allowBatchedHttpRequests: false,
    // It would send the signal to itself once more, which ends the process before it has drained.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    formatError: (formatted, error) => publicError(formatted, error, logger),
    plugins: [
      access.plugin(),
      observeOperations(operations),
      fastifyApolloDrainPlugin(http),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      // It would wrap every resolver, for a header that the gateway does not read.
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
  await apollo.start();
  access.guard(http);
  const underWay = new Set<AbortController>();
  const end = closingAnswers(http);
  await http.register(fastifyApollo(apollo), {
    context: async (request, reply) => {
      const gone = new AbortController();
      underWay.add(gone);
      reply.raw.on('close', () => {
        underWay.delete(gone);
        gone.abort(CONNECTION_CLOSED);
      });
      const ms = remainingMs(header(request.headers[DEADLINE_HEADER]), LONGEST_REQUEST_MS);
      const caller = access.callerOf(request);
      const facts = { requestId: request.id, caller, signal: deadlineSignal(ms, gone.signal) };
      return access.runsFor(options.context(facts), caller);
    },
  });
  const leaving = registerProbes(http, options);
  const sockets = subscriptionServer(http, schema, access, options);
  const address = await http.listen({ host: options.host, port: options.port });
  logger.info({ address }, 'subgraph listens');
  return {
    url: address,
    leaving,
    async [Symbol.asyncDispose]() {
      end();
      const late = setTimeout(() => {
        for (const request of underWay) request.abort(new RadiographError('OVERLOADED', 'The service ends'));
      }, LAST_REQUEST_MS);
      await sockets.dispose();
      await apollo.stop();
      await http.close();
      clearTimeout(late);
    },
  };
}

type ProbeOptions = Pick<SubgraphOptions<BaseContext>, 'host' | 'port' | 'logger' | 'metrics' | 'ready'>;

/** Serves the probes and metrics of a process that answers nobody else. */
export async function startProbes(options: ProbeOptions): Promise<RunningServer> {
  const http = fastify({ forceCloseConnections: 'idle', genReqId: () => requestIdOf(undefined) });
  observeHttp(http, options);
  const leaving = registerProbes(http, options);
  const end = closingAnswers(http);
  const address = await http.listen({ host: options.host, port: options.port });
  options.logger.info({ address }, 'probes listen');
  return {
    url: address,
    leaving,
    async [Symbol.asyncDispose]() {
      end();
      await http.close();
    },
  };
}

/** @returns makes `/readyz` say that the process is leaving */
function registerProbes(http: FastifyInstance, options: Pick<ProbeOptions, 'metrics' | 'ready'>): () => void {
  let isLeaving = false;
  http.get('/healthz', () => ({ status: 'ok' }));
  http.get('/readyz', async (_request, reply) => {
    if (isLeaving) return reply.code(503).send({ status: 'leaving' });
    const ready = await options.ready();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
  http.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  );
  return () => {
    isLeaving = true;
  };
}

function subscriptionServer<Context extends BaseContext>(
  http: FastifyInstance,
  schema: GraphQLSchema,
  access: SubgraphAccess,
  options: SubgraphOptions<Context>,
) {
  const endOf = endOfSockets();
  const active = new Gauge({
    name: 'active_subscriptions',
    help: 'Subscriptions that are open',
    registers: [options.metrics],
  });
  const sockets = new WebSocketServer({ server: http.server, path: '/graphql', maxPayload: BODY_LIMIT });
  const told = (errors: readonly GraphQLError[], id: string, payload: Extended) =>
    inScope({ requestId: idOf(id, payload) }, () => publicErrors(errors, options.logger));
  return useServer(
    {
      schema,
      // The gateway shows its own token once for the connection and names the caller of each subscription on it.
      onConnect: async (ctx) => {
        const given = ctx.connectionParams?.authorization;
        return access.check(given).then(
          () => true,
          () => false,
        );
      },
      onSubscribe: (_ctx, _id, { query, operationName, extensions }) => {
        const document = parse(query);
        const faults = validate(schema, document);
        if (faults.length > 0) return faults;
        const fault = accessFault(access.rules, schema, document, operationName, namedCaller(extensions));
        return fault ? [fault] : undefined;
      },
      context: (ctx, id, { extensions }) => {
        const caller = namedCaller(extensions);
        return options.context({
          requestId: idOf(id, { extensions }),
          caller,
          signal: endOf(ctx.extra.socket),
        });
      },
      onOperation: () => active.inc(),
      onComplete: () => active.dec(),
      onNext: (_ctx, id, payload, _args: ExecutionArgs, result) => ({
        ...result,
        ...(result.errors && { errors: told(result.errors, id, payload) }),
      }),
      onError: (_ctx, id, payload, errors) => told(errors as readonly GraphQLError[], id, payload),
    },
    sockets,
  );
}

type Extended = { readonly extensions?: Record<string, unknown> | null | undefined };

/** The id of the gateway's request, which many share a connection for. */
function idOf(id: string, { extensions }: Extended): string {
  const given = extensions?.requestId;
  return requestIdOf(typeof given === 'string' ? given : id);
}

/** One signal for each socket: the gateway runs all its subscriptions over one, which stays open for long. */
function endOfSockets() {
  const known = new WeakMap<WebSocket, AbortSignal>();
  return (socket: WebSocket): AbortSignal => {
    const signal = known.get(socket);
    if (signal) return signal;
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    known.set(socket, gone.signal);
    return gone.signal;
  };
}

/** Nobody named may do nothing. */
function namedCaller(extensions: Record<string, unknown> | null | undefined): Caller {
  const { subject, scopes } = (extensions?.caller ?? {}) as { subject?: unknown; scopes?: unknown };
  const given = Array.isArray(scopes) ? new Set(scopes.map(String)) : new Set<string>();
  return {
    subject: String(subject),
    scopes: scopes === 'all' ? 'all' : given,
    until: Number.POSITIVE_INFINITY,
  };
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
