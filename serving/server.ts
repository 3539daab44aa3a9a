import { ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { closingAnswers } from '#common/closing-answers.ts';
import { serviceMetrics } from '#common/metrics.ts';
import { openTracing } from '#common/tracing.ts';
import type { ServingConfig } from './config.ts';
import { grpcServer } from './grpc-services.ts';
import { addLoadGauges } from './load-gauges.ts';
import { openModelRegistry } from './model-registry.ts';
import { restRoutes } from './rest-routes.ts';
import { servingMetrics } from './serving-metrics.ts';
import { LATEST_VERSION } from './version-policy.ts';

export type RunningServing = AsyncDisposable & {
  readonly grpcPort: number;
  readonly restPort: number;
  /** From now on `/readyz` says that nobody should send more; calls are answered all the same. */
  leaving(): void;
};

const DRAIN_MS = 10_000;
/** About a second of work for two threads, and 50 MB of pixels. */
const QUEUE_LIMIT = 256;

/** Starts the embedded model server. It answers once every model is loaded and warm. Disposing it lets calls in
 *  flight finish, for ten seconds at most. */
export async function startServing(config: ServingConfig, logger: Logger): Promise<RunningServing> {
  const metrics = servingMetrics(serviceMetrics('serving'));
  const registry = await openModelRegistry(config.modelBasePath, {
    threads: config.workers,
    queueLimit: config.queueLimit ?? QUEUE_LIMIT,
    policy: config.versionPolicy ?? LATEST_VERSION,
    metrics,
    logger,
  });
  addLoadGauges(metrics.registry, registry);
  const tracing = await openTracing('serving', config.tracing);
  const grpc = grpcServer(registry, { metrics, tracing, logger });
  let isLeaving = false;
  const http = restRoutes(registry, { metrics: metrics.registry, logger, isLeaving: () => isLeaving });
  const grpcPort = await new Promise<number>((resolve, reject) => {
    const address = `${config.host}:${config.grpcPort}`;
    grpc.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  const end = closingAnswers(http);
  await http.listen({ host: config.host, port: config.restPort });
  const bound = http.server.address();
  const restPort = typeof bound === 'object' && bound ? bound.port : config.restPort;
  return {
    grpcPort,
    restPort,
    leaving() {
      isLeaving = true;
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => grpc.forceShutdown(), DRAIN_MS);
        grpc.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      });
      end();
      await http.close();
      await registry[Symbol.asyncDispose]();
      await tracing[Symbol.asyncDispose]();
    },
  };
}
