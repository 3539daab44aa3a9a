import { readFileSync } from 'node:fs';
import { ApolloGateway, type ServiceMap } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify from 'fastify';
import type { Logger } from 'pino';
import { publicError } from '#common/errors-in-graphql.ts';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import type { RunningServer } from '#common/subgraph-server.ts';
import type { GatewayConfig } from './config.ts';
import { createContext, type GatewayContext } from './context.ts';
import { serveFiles } from './files-route.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { credentialsOf, identify } from './guard/caller.ts';
import { MOST_TOKENS, operationLimits } from './guard/operation-limits.ts';
import { steadySubscriptionRoot } from './guard/subscription-root.ts';
import { tellHttpErrors } from './http-errors.ts';
import { countOperations } from './plugins/count-operations.ts';
import { refusePlainSubscriptions } from './plugins/refuse-plain-subscriptions.ts';
import { serveProbes } from './probes.ts';
import {
  type FederatedSubscriptions,
  federatedSubscriptions,
} from './subscriptions/federated-subscription.ts';
import { openTransports } from './subscriptions/transports.ts';
import { upstreamSubscriptions } from './subscriptions/upstream.ts';
import { acceptUploads } from './uploads/upload-route.ts';
import { subgraphSource } from './upstream/subgraph-source.ts';
import { servePage } from './web/static-page.ts';

const BODY_BYTES = 1024 * 1024;

/** Starts the gateway. Disposing it ends subscriptions with 1001 and waits for requests in flight. */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<RunningServer> {
  const metrics = gatewayMetrics();
  const keys = await openKeys(config.dataDir);
  const blobs = await openFolderBlobStore(config.dataDir, keys);
  const upstream = upstreamSubscriptions(config.subgraphs);
  const sources = new Map(
    [...config.subgraphs].map(([name, base]) => [name, subgraphSource(name, base, metrics.subgraphSeconds)]),
  );
  const services: ServiceMap = Object.fromEntries(sources);
  const gateway = new ApolloGateway({
    supergraphSdl: readFileSync(config.supergraph, 'utf8'),
    buildService: ({ name }) => {
      const source = sources.get(name);
      if (!source) throw new Error(`The supergraph names a subgraph without an address: ${name}`);
      return source;
    },
  });
  let subscriptions: FederatedSubscriptions | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema, coreSupergraphSdl }) => {
    subscriptions = federatedSubscriptions(apiSchema, coreSupergraphSdl, services, upstream, logger);
  });

  const http = fastify({
    bodyLimit: BODY_BYTES,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 75_000,
    // The link to a picture is one long parameter.
    routerOptions: { maxParamLength: 1_000 },
  });
  const apollo = new ApolloServer<GatewayContext>({
    gateway,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // It would send the signal to itself once more, which ends the process before it has drained.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: MOST_TOKENS },
    validationRules: [operationLimits, steadySubscriptionRoot],
    formatError: (formatted, error) => publicError(formatted, error, logger),
    plugins: [
      fastifyApolloDrainPlugin(http),
      countOperations(metrics.operations),
      refusePlainSubscriptions(),
      ApolloServerPluginLandingPageLocalDefault({
        embed: { runTelemetry: false, endpointIsEditable: false },
      }),
    ],
  });
  await apollo.start();
  tellHttpErrors(http, logger);
  acceptUploads(http, {
    blobs,
    claimKey: keys('upload-claim'),
    maxFileBytes: config.maxUploadBytes,
    files: metrics.uploadedFiles,
    identify,
    mostAtOnce: config.mostUploads,
    stuckMs: config.stuckMs,
  });
  const current = () => {
    if (!subscriptions) throw new Error('The supergraph is not loaded');
    return subscriptions;
  };
  const transportOptions = {
    apollo,
    current,
    requestMs: config.requestMs,
    logger,
    active: metrics.subscriptions,
    counted: metrics.operations,
    mostSubscriptions: config.mostSubscriptions,
    mostOperations: config.mostOperations,
    stuckMs: config.stuckMs,
    identify,
  };
  const transports = openTransports(http, transportOptions);
  await http.register(fastifyApollo(apollo), {
    context: async (request, reply) => {
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const caller = await identify(credentialsOf(request.headers, request.ip));
      const origin = { caller, requestId: request.headers['x-request-id'], gone: gone.signal };
      return createContext(config.requestMs, origin);
    },
  });
  serveFiles(http, blobs, keys('file-token'));
  serveProbes(http, config.subgraphs, metrics.registry);
  servePage(http);
  const url = await http.listen({ host: config.host, port: config.port });
  logger.warn('nobody is authenticated: fit for this machine alone');
  return {
    url,
    async [Symbol.asyncDispose]() {
      await transports[Symbol.asyncDispose]();
      await apollo.stop();
      await http.close();
      await upstream[Symbol.asyncDispose]();
      await Promise.all([...sources.values()].map((source) => source[Symbol.asyncDispose]()));
    },
  };
}
