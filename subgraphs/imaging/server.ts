import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLError, GraphQLScalarType, parse } from 'graphql';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { fileUrl } from '#common/file-token.ts';
import { addImageWorkMetrics } from '#common/image-work-metrics.ts';
import { openKeys } from '#common/keys.ts';
import { serviceMetrics } from '#common/metrics.ts';
import { addDiskMetrics } from '#common/runtime-metrics.ts';
import { openBlobStore } from '#common/storage-settings.ts';
import { type RunningServer, startProbes, startSubgraph } from '#common/subgraph-server.ts';
import { openTracing } from '#common/tracing.ts';
import type { ImagingConfig } from './config.ts';
import { createContext } from './context.ts';
import { startDicomReader } from './dicom/dicom-reader.ts';
import { pictures } from './dicom/picture-of.ts';
import { jobBell } from './domain/job-changes.ts';
import type { JobQueue } from './domain/job-queue.ts';
import type { Ledger } from './domain/ledger.ts';
import { openInference } from './inference/open-inference.ts';
import { engineOf } from './inference/served-models.ts';
import { watchAudit } from './jobs/audit-watch.ts';
import { blobRemovals } from './jobs/blob-removals.ts';
import { openBullmqQueue } from './jobs/bullmq-queue.ts';
import { createDeletion, forgetDeleted } from './jobs/deletion.ts';
import { earlyClassifications } from './jobs/early-classifications.ts';
import { embeddedQueue } from './jobs/embedded-queue.ts';
import { startHousekeeping } from './jobs/housekeeping.ts';
import { imageMetrics } from './jobs/image-metrics.ts';
import { createIntake } from './jobs/intake.ts';
import { jobMetrics, watchLedger } from './jobs/job-metrics.ts';
import { startWorker } from './jobs/worker.ts';
import { openPacs } from './pacs/open-pacs.ts';
import { jobResolvers } from './resolvers/job.ts';
import { radiographResolvers } from './resolvers/radiograph.ts';
import { studyResolvers } from './resolvers/study.ts';
import { openLedger } from './stores/open-ledger.ts';

const SDL = join(import.meta.dirname, '../../schema/imaging.graphql');

/** Starts the imaging subgraph, its worker, or both. Disposing it drains requests and jobs under way. */
export async function startImaging(config: ImagingConfig, logger: Logger): Promise<RunningServer> {
  await using starting = new AsyncDisposableStack();
  const { host, port, role = 'both' } = config;
  const metrics = serviceMetrics('imaging');
  addDiskMetrics(metrics, config.dataDir);
  addImageWorkMetrics(metrics);
  const tracing = starting.use(await openTracing('imaging', config.tracing));
  const keys = await openKeys(config.dataDir, config.keysDir);
  const blobs = await openBlobStore(config, keys, metrics);
  const ledger = starting.use(await openLedger(config, metrics));
  const bell = jobBell();
  const queue = starting.use(await openQueue(config, ledger, logger));
  ledger.onChange((jobId) => {
    bell.ring(jobId);
    queue.stir();
  });
  const pictureOf = pictures(starting.use(startDicomReader(logger)));
  const inference = starting.use(openInference({ config, blobs, pictureOf, registry: metrics, logger }));
  const { models } = inference;
  watchLedger(metrics, ledger);
  watchQueue(metrics, queue);
  const removed = counter(metrics, 'blobs_removed_total', 'Blobs removed, by why', 'reason');
  const forget = (address: string) => inference.cache.forget(address);
  const removals = blobRemovals({ ledger, blobs, forget, removed, logger });
  const deleteRadiograph = createDeletion({ ledger, removals, bell });
  const early = earlyClassifications(inference.classify);
  const jobs = jobMetrics(metrics);
  const ready = () =>
    ledger.waiting().then(
      () => true,
      () => false,
    );
  const intake = createIntake({
    ...{ blobs, ledger, removals, queue, pictureOf, metrics: jobs, registry: metrics },
    image: imageMetrics(metrics),
    claimKey: keys('upload-claim'),
    ...(role === 'both' && { early }),
  });
  const { importStudy, storeResult } = starting.use(
    openPacs({ config, keys, blobs, ledger, intake, registry: metrics, logger }),
  );
  const linkKey = keys('file-token');
  const linkTo = (file: Parameters<typeof fileUrl>[1]) => fileUrl(linkKey, file);
  const cancel = async (jobId: string, actor: string) => {
    const job = await ledger.cancel(jobId, actor);
    bell.ring(jobId);
    return job;
  };

  // They end side by side: what is asked and what is worked on take their time, and the process has no time for both.
  const serving: AsyncDisposable[] = [];
  starting.defer(async () => {
    await Promise.all(serving.map((one) => one[Symbol.asyncDispose]()));
  });
  if (role !== 'api') {
    const classify = forgetDeleted(early.classify, ledger, forget);
    const { orphanGraceMs, retentionMs } = config;
    serving.push(
      startWorker({ ledger, classify, bell, queue, tracing, logger, metrics: jobs }),
      watchAudit({ trail: ledger, registry: metrics, logger }),
      startHousekeeping({ ledger, blobs, removals, deleteRadiograph, orphanGraceMs, retentionMs, logger }),
    );
  }
  const parts = {
    ...{ ledger, bell, intake, importStudy, storeResult, cancel, deleteRadiograph, models, engineOf, linkTo },
  };
  const server =
    role === 'worker'
      ? await startProbes({ host, port, logger, metrics, ready })
      : await startSubgraph({
          name: 'imaging',
          dataDir: config.dataDir,
          keysDir: config.keysDir,
          host,
          port,
          typeDefs: parse(readFileSync(SDL, 'utf8')),
          resolvers: mergedResolvers(),
          context: (facts) => createContext(parts, facts),
          logger,
          metrics,
          tracing,
          ready,
        });
  serving.push(server);
  const running = starting.move();
  const { url, leaving } = server;
  return { url, leaving, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function openQueue(
  { redisUrl }: ImagingConfig,
  ledger: Ledger,
  logger: Logger,
): Promise<JobQueue> | JobQueue {
  return redisUrl === undefined ? embeddedQueue(logger) : openBullmqQueue({ redisUrl, ledger, logger });
}

function mergedResolvers() {
  const Upload = new GraphQLScalarType({
    name: 'Upload',
    // Its signature is checked where it is opened.
    parseValue: (value) => value,
    parseLiteral() {
      throw new GraphQLError('Expected a file of a multipart request, got a literal');
    },
  });
  return {
    ...radiographResolvers,
    ...jobResolvers,
    ...studyResolvers,
    Query: { ...radiographResolvers.Query, ...jobResolvers.Query },
    Mutation: { ...radiographResolvers.Mutation, ...jobResolvers.Mutation, ...studyResolvers.Mutation },
    Upload,
  };
}

function counter<Label extends string>(
  metrics: Registry,
  name: string,
  help: string,
  label: Label,
): Counter<Label> {
  return new Counter({ name, help, labelNames: [label], registers: [metrics] });
}

function watchQueue(metrics: Registry, queue: JobQueue): void {
  new Gauge({
    name: 'queue_up',
    help: 'Whether the queue hands jobs out; while it is 0 workers take them from the ledger',
    registers: [metrics],
    collect() {
      this.set(queue.isWell() ? 1 : 0);
    },
  });
}
