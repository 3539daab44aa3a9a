import type { Inference } from '../domain/classification.ts';
import type { ServedVersion } from '../domain/classifier.ts';
import { type BatchQueue, batchQueue } from './batch-queue.ts';
import { forwardPass } from './forward-pass.ts';
import type { InferenceMetrics } from './inference-metrics.ts';
import { poolBreaker, resting } from './pool-breaker.ts';
import type { ServingClient } from './serving-client.ts';
import { ServingFault } from './serving-fault.ts';

export type PoolSettings = {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** Batches that its servers work on at once: devices of a GPU pool, workers of the embedded server. */
  readonly slots: number;
  /** Images in a batch, at most. */
  readonly maxBatch: number;
  /** For a batch, once it is sent. */
  readonly deadlineMs: number;
};

/** Model servers of one kind. */
export type Pool = Disposable & {
  readonly name: string;
  /** Whether it may be asked: not while its breaker is open. */
  mayAsk(): boolean;
  /** In a batch with others, once a slot is free.
   *  @throws ServingFault or the reason of its signal */
  readonly infer: BatchQueue['load'];
  /** At once and alone, beside the batches, when a slot is free. Its faults do not count against the pool.
   *  @returns undefined when the pool has work to do */
  inferBeside(grey: Buffer, version: string): Promise<Inference> | undefined;
  /** @throws ServingFault */
  versions(): Promise<{ version: string; state: ServedVersion['state'] }[]>;
};

type Parts = {
  readonly settings: PoolSettings;
  readonly client: ServingClient;
  readonly model: string;
  readonly metrics: InferenceMetrics;
};

export function openPool({ settings, client, model, metrics }: Parts): Pool {
  const { name: pool, deadlineMs } = settings;
  const isServed = async () => (await client.versions(model)).some(({ state }) => state === 'AVAILABLE');
  const breaker = poolBreaker(isServed, (state) => metrics.breaker.set({ pool }, state));
  const pass = (greys: readonly Buffer[], version: string | undefined) =>
    forwardPass({ client, pool, model, version, deadlineMs }, greys);

  const timed = async (greys: readonly Buffer[], version: string | undefined) => {
    const ended = metrics.rpcSeconds.startTimer({ pool });
    metrics.batchSize.observe({ pool }, greys.length);
    metrics.inFlight.inc({ pool });
    try {
      const answers = await pass(greys, version);
      for (const { modelVersion } of answers) metrics.answered.inc({ pool, version: modelVersion });
      return answers;
    } catch (error) {
      const fault = error instanceof ServingFault ? error.kind : 'broken';
      metrics.faults.inc({ pool, fault });
      throw error;
    } finally {
      metrics.inFlight.dec({ pool });
      ended();
    }
  };
  const queue = batchQueue(settings, (greys, version) => breaker.run(() => timed(greys, version)), {
    waiting: (count) => metrics.queueDepth.set({ pool }, count),
    waited: (ms) => metrics.queueSeconds.observe({ pool }, ms / 1_000),
    dropped: () => metrics.rejected.inc({ pool, reason: 'abandoned' }),
    refused: () => metrics.rejected.inc({ pool, reason: 'queue_full' }),
  });

  return {
    name: pool,
    mayAsk: breaker.mayAsk,
    async infer(wanted) {
      if (breaker.mayAsk()) return queue.load(wanted);
      metrics.rejected.inc({ pool, reason: 'resting' });
      throw resting();
    },
    inferBeside(grey, version) {
      if (!breaker.mayAsk() || !queue.isIdle()) return undefined;
      return pass([grey], version).then(([inference]) => {
        if (!inference) throw new Error('Expected an answer for the image');
        return inference;
      });
    },
    versions: () => client.versions(model),
    [Symbol.dispose]() {
      breaker[Symbol.dispose]();
      client.close();
    },
  };
}
