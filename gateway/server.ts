import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { closingAnswers } from '#common/closing-answers.ts';
import { CONNECTION_CLOSED } from '#common/deadline.ts';
import { publicError } from '#common/errors-in-graphql.ts';
import { openGatewayKey } from '#common/gateway-key.ts';
import { internalTokens } from '#common/internal-token.ts';
import { openKeys } from '#common/keys.ts';
import { observeHttp } from '#common/observed-http.ts';
import { observeOperations } from '#common/operation-metrics.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '#common/request-id.ts';
import { addDiskMetrics } from '#common/runtime-metrics.ts';
import { openBlobStore } from '#common/storage-settings.ts';
import type { RunningServer } from '#common/subgraph-server.ts';
import { openTracing } from '#common/tracing.ts';
import { allowCdsClients } from './cds-hooks/cds-origins.ts';
import { serveCdsHooks } from './cds-hooks/cds-routes.ts';
import type { GatewayConfig } from './config.ts';
import { createContext, type GatewayContext } from './context.ts';
import { federatedGateway } from './execution/federated-gateway.ts';
import { serveFhir } from './fhir/fhir-routes.ts';
import { serveFiles } from './files-route.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { askedHost } from './guard/asked-host.ts';
import { authentication } from './guard/authentication.ts';
import { callerAddress, fromTrustedProxy } from './guard/caller-address.ts';
import { callerName } from './guard/caller-name.ts';
import { documentStore } from './guard/document-cache.ts';
import { foreignPages, refuseForeignHosts } from './guard/foreign-pages.ts';
import { authenticateHttp } from './guard/http-authentication.ts';
import { operationGuard } from './guard/operation-guard.ts';
import { checkOperations } from './guard/operation-hook.ts';
import { LIMITS } from './guard/operation-limits.ts';
import { persistedOperations } from './guard/persisted-operations.ts';
import { limitRequests, limitSockets } from './guard/rate-hook.ts';
import { openRateLimit } from './guard/rate-limit.ts';
import { tellBadAddress, tellHttpErrors, tellUnreadable } from './http-errors.ts';
import { onceClosed } from './once-closed.ts';
import { origins } from './origin.ts';
import { ownOperations } from './own-operation.ts';
import { logFaults } from './plugins/log-faults.ts';
import { refusePlainSubscriptions } from './plugins/refuse-plain-subscriptions.ts';
import { responseStatus } from './plugins/response-status.ts';
import { tellRetryAfter } from './plugins/retry-after.ts';
import { serveProbes } from './probes.ts';
import { serveCovid19 } from './rest/covid19-routes.ts';
import { openTransports } from './subscriptions/transports.ts';
import { upstreamSubscriptions } from './subscriptions/upstream.ts';
import { watchedSupergraph } from './supergraph.ts';
import { stagedUploads } from './uploads/staged-uploads.ts';
import { acceptUploads } from './uploads/upload-route.ts';
import { uploadsAtOnce } from './uploads/uploads-at-once.ts';
import { sharedReads } from './upstream/shared-reads.ts';
import type { SubgraphAnswer } from './upstream/subgraph-exchange.ts';
import { subgraphSource } from './upstream/subgraph-source.ts';
import { serveDocs } from './web/docs-page.ts';
import { serveExplorer } from './web/explorer-page.ts';
import { servePage } from './web/page-route.ts';
import { sandboxPage } from './web/sandbox-page.ts';

const BODY_BYTES = 1024 * 1024;

/** Starts the gateway. Disposing it ends subscriptions with 1001 and waits for requests in flight. */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<RunningServer> {
  const { introspection, maxCost, safelist, rateLimit, redisUrl } = config.guard;
  const guard = operationGuard({ introspection, maxCost });
  const persisted = persistedOperations(config.guard.persistedOperations, safelist);
  const metrics = gatewayMetrics();
  const counting = (isThere: boolean) => metrics.rateLimitRedis.set(isThere ? 1 : 0);
  counting(true);
  const rate = rateLimit > 0 ? openRateLimit(rateLimit, redisUrl, logger, counting) : undefined;
  addDiskMetrics(metrics.registry, config.dataDir);
  const tracing = await openTracing('gateway', config.tracing);
  const keys = await openKeys(config.dataDir, config.keysDir);
  const blobs = await openBlobStore(config, keys, metrics.registry);
  const tokens = internalTokens(await openGatewayKey(config.dataDir, config.keysDir));
  const authenticate = authentication(config.authentication);
  const caller = callerName(authenticate, callerAddress(config.guard.trustedProxies));
  const foreign = foreignPages({
    ...{ allowedOrigins: config.allowedOrigins, loopbackOnly: config.loopbackOnly },
    askedHost: askedHost(config.guard.trustedProxies),
  });
  const upstream = upstreamSubscriptions(config.subgraphs, tokens);
  const sourceOptions = { metrics, logger, tokens, reads: sharedReads<SubgraphAnswer>() };
  const sources = new Map(
    [...config.subgraphs].map(([name, base]) => [name, subgraphSource(name, base, sourceOptions)]),
  );
  const gateway = federatedGateway(
    watchedSupergraph(config.supergraph, sources, logger, metrics.supergraphReloads),
    sources,
    guard,
  );
  gateway.onSchemaLoadOrUpdate(({ coreSupergraphSdl }) => guard.useSupergraph(coreSupergraphSdl));

  const http = fastify({
    bodyLimit: BODY_BYTES,
    forceCloseConnections: 'idle',
    genReqId({ headers }) {
      const id = requestIdOf(headers[REQUEST_ID_HEADER]);
      // Whoever reads the raw request later finds the same one.
      headers[REQUEST_ID_HEADER] = id;
      return id;
    },
    keepAliveTimeout: 75_000,
    // What a trusted proxy says of the scheme stands in our links; callers' addresses are told by `callerAddress`.
    trustProxy: config.guard.trustedProxies.length > 0 && [...config.guard.trustedProxies],
    // The link to a picture is one long parameter.
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: tellBadAddress,
    clientErrorHandler: tellUnreadable,
  });
  const isProxied = fromTrustedProxy(config.guard.trustedProxies);
  observeHttp(http, { metrics: metrics.registry, logger, tracing, believes: ({ raw }) => isProxied(raw) });
  // On the raw answer, which event streams write too.
  http.addHook('onRequest', async ({ id }, { raw }) => {
    raw.setHeader(REQUEST_ID_HEADER, id);
    // Answers are about patients; pages alone may be kept.
    raw.setHeader('cache-control', 'no-store');
  });
  const end = closingAnswers(http);
  const apollo = new ApolloServer<GatewayContext>({
    gateway,
    // Refused by a rule of the guard, which holds for the other transports too.
    introspection: true,
    hideSchemaDetailsFromClientErrors: guard.hideSuggestions,
    ...(safelist && { persistedQueries: false }),
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // It would send the signal to itself once more, which ends the process before it has drained.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    documentStore: documentStore(),
    parseOptions: { maxTokens: LIMITS.tokens },
    validationRules: [...guard.rules],
    formatError: (formatted, error) => publicError(formatted, error, logger),
    plugins: [
      fastifyApolloDrainPlugin(http),
      observeOperations(metrics.operations),
      logFaults(logger),
      refusePlainSubscriptions(),
      guard.plugin,
      responseStatus(),
      tellRetryAfter(),
      sandboxPage(),
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
  await apollo.start();
  tellHttpErrors(http, logger);
  refuseForeignHosts(http, foreign);
  allowCdsClients(http, config.cdsOrigins);
  if (rate) limitRequests(http, rate, caller);
  authenticateHttp(http, authenticate);
  checkOperations(http, persisted);
  const staging = stagedUploads();
  const originOf = origins(authenticate, config.forwardHeaders, staging);
  const transportOptions = {
    apollo,
    current: gateway.current,
    sources,
    upstream,
    guard,
    persisted,
    rate: rate && limitSockets(rate, caller),
    requestMs: config.requestMs,
    originOf,
    foreign,
    logger,
    active: metrics.subscriptions,
    counted: metrics.operations.operations,
    events: metrics.events,
    tracing,
    mostSubscriptions: config.mostSubscriptions,
    mostOperations: config.mostOperations,
    stuckMs: config.stuckMs,
  };
  const transports = openTransports(http, transportOptions);
  const atOnce = uploadsAtOnce(config.mostUploads);
  const uploads = {
    blobs,
    claimKey: keys('upload-claim'),
    maxFileBytes: config.maxUploadBytes,
    taken: metrics.uploads.taken,
    staging,
    stuckMs: config.stuckMs,
    async begin({ raw }: FastifyRequest, reply: FastifyReply) {
      const end = atOnce(await caller.ofRequest(raw));
      metrics.uploads.underWay.inc();
      onceClosed(reply.raw, () => {
        metrics.uploads.underWay.dec();
        end();
        staging.end(raw);
      });
    },
  };
  const context = async ({ raw }: FastifyRequest, reply: FastifyReply) => {
    const gone = new AbortController();
    onceClosed(reply.raw, () => gone.abort(CONNECTION_CLOSED));
    return createContext(config.requestMs, await originOf(raw, gone.signal));
  };
  // Multipart bodies of the graph are read on its route alone.
  await http.register(async (graphql) => {
    acceptUploads(graphql, { ...uploads, persisted });
    await graphql.register(fastifyApollo(apollo), { context });
  });
  const execute = ownOperations(apollo, context);
  serveCovid19(http, { ...uploads, foreign, execute });
  serveFhir(http, execute, logger);
  serveCdsHooks(http, execute, metrics);
  serveFiles(http, blobs, keys('file-token'));
  const leaving = serveProbes(http, config.subgraphs, metrics.registry);
  servePage(http);
  serveExplorer(http);
  serveDocs(http, {
    maxUploadBytes: config.maxUploadBytes,
    authenticated: config.authentication !== undefined,
  });
  const url = await http.listen({ host: config.host, port: config.port });
  if (!config.authentication) logger.warn('nobody is authenticated: fit for this machine alone');
  return {
    url,
    leaving,
    async [Symbol.asyncDispose]() {
      end();
      await transports[Symbol.asyncDispose]();
      await apollo.stop();
      await http.close();
      await rate?.[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await Promise.all([...sources.values()].map((source) => source[Symbol.asyncDispose]()));
      await tracing[Symbol.asyncDispose]();
    },
  };
}
