import { Counter, Histogram, type Registry } from 'prom-client';
import type { RunResult } from './call-queue.ts';
import type { ServingError } from './serving-error.ts';

type VersionLabels = { readonly model: string; readonly version: string };

/** What Predict tells. Only names of loaded versions become labels: a caller must not make new ones. */
export type PredictMetrics = {
  answered(labels: VersionLabels, images: number, runs: readonly RunResult[]): void;
  rejected(labels: VersionLabels, error: ServingError): void;
};
export type ServingMetrics = PredictMetrics & {
  readonly registry: Registry;
  readonly requests: Counter<'method' | 'code'>;
  readonly seconds: Histogram<'method'>;
  readonly loads: Counter<'model' | 'outcome'>;
  readonly unloads: Counter<'model'>;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REASONS: Partial<Record<ServingError['code'], string>> = {
  UNAVAILABLE: 'queue_full',
  CANCELLED: 'cancelled',
};
const LABELS = ['model', 'version'] as const;

export function servingMetrics(registry: Registry): ServingMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: LABELS, buckets, registers });

  const batch = histogram('serving_batch_size', 'Images in a Predict request', [1, 2, 4, 8, 16, 32, 64]);
  const queue = histogram('serving_queue_seconds', 'Wait of a run for a thread', SECONDS);
  const compute = histogram('serving_compute_seconds', 'Run of the network over a part of a batch', SECONDS);
  const rejected = counter('serving_rejected_total', 'Predict calls not answered, by why', [
    ...LABELS,
    'reason',
  ]);
  return {
    registry,
    requests: counter('serving_requests_total', 'Requests by gRPC method and status', ['method', 'code']),
    seconds: new Histogram({
      name: 'serving_request_seconds',
      help: 'Requests by gRPC method, however they ended',
      labelNames: ['method'] as const,
      buckets: SECONDS,
      registers,
    }),
    loads: counter('serving_loads_total', 'Versions loaded, and versions that could not be', [
      'model',
      'outcome',
    ]),
    unloads: counter('serving_unloads_total', 'Versions unloaded', ['model']),
    answered(labels, images, runs) {
      batch.observe(labels, images);
      for (const { queueMs, computeMs } of runs) {
        queue.observe(labels, queueMs / 1_000);
        compute.observe(labels, computeMs / 1_000);
      }
    },
    rejected(labels, { code }) {
      rejected.inc({ ...labels, reason: REASONS[code] ?? 'failed' });
    },
  };
}
