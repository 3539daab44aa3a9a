import { Counter, Histogram, type Registry } from 'prom-client';
import type { TaskResult } from './session-pool.ts';

export type ServingMetrics = {
  readonly registry: Registry;
  readonly answered: Counter<'method' | 'code'>;
  readonly observe: (batch: number, parts: readonly TaskResult[]) => void;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function servingMetrics(registry: Registry): ServingMetrics {
  const registers = [registry];
  const labelNames = ['method', 'code'] as const;
  const answered = new Counter({
    name: 'serving_requests_total',
    help: 'Requests by outcome',
    labelNames,
    registers,
  });
  const batch = new Histogram({
    name: 'serving_batch_size',
    help: 'Images in a Predict request',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const queue = new Histogram({
    name: 'serving_queue_seconds',
    help: 'Wait for a thread',
    buckets: SECONDS,
    registers,
  });
  const compute = new Histogram({
    name: 'serving_compute_seconds',
    help: 'Run of the network',
    buckets: SECONDS,
    registers,
  });
  return {
    registry,
    answered,
    observe(size, parts) {
      batch.observe(size);
      for (const { queueMs, computeMs } of parts) {
        queue.observe(queueMs / 1_000);
        compute.observe(computeMs / 1_000);
      }
    },
  };
}
