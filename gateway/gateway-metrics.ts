import { Counter, Gauge, Histogram } from 'prom-client';
import { serviceMetrics } from '#common/metrics.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>;

/** What the sources of subgraphs tell. */
export type UpstreamMetrics = Pick<
  GatewayMetrics,
  'subgraphSeconds' | 'subgraphRetries' | 'coalescedReads' | 'breakerState'
>;

/** The gateway's metrics; labels hold names and codes, never ids. */
export function gatewayMetrics() {
  const registry = serviceMetrics('gateway');
  const registers = [registry];
  return {
    registry,
    operations: new Counter({
      name: 'graphql_operations_total',
      help: 'Operations by kind and the code of their first error',
      labelNames: ['kind', 'code'] as const,
      registers,
    }),
    subgraphSeconds: new Histogram({
      name: 'subgraph_fetch_seconds',
      help: 'Requests to subgraphs with their retries',
      labelNames: ['subgraph', 'outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    subgraphRetries: new Counter({
      name: 'subgraph_retries_total',
      help: 'Retries of reads by whether the budget allowed them',
      labelNames: ['subgraph', 'outcome'] as const,
      registers,
    }),
    coalescedReads: new Counter({
      name: 'subgraph_coalesced_reads_total',
      help: 'Reads that were answered by an equal one of the same caller in flight',
      labelNames: ['subgraph'] as const,
      registers,
    }),
    breakerState: new Gauge({
      name: 'subgraph_breaker_state',
      help: '0 closed, 1 half open, 2 open',
      labelNames: ['subgraph'] as const,
      registers,
    }),
    supergraphReloads: new Counter({
      name: 'supergraph_reloads_total',
      help: 'New supergraphs by what became of them',
      labelNames: ['outcome'] as const,
      registers,
    }),
    uploadedFiles: new Counter({
      name: 'uploaded_files_total',
      help: 'Uploaded files by what became of them',
      labelNames: ['outcome'] as const,
      registers,
    }),
    cdsCards: new Counter({
      name: 'cds_cards_total',
      help: 'Cards that were answered, by their indicator',
      labelNames: ['indicator'] as const,
      registers,
    }),
    cdsFeedback: new Counter({
      name: 'cds_feedback_total',
      help: 'What became of cards, and the code of the reason why one was overridden',
      labelNames: ['outcome', 'reason'] as const,
      registers,
    }),
    subscriptions: new Gauge({
      name: 'active_subscriptions',
      help: 'Subscriptions that are open',
      registers,
    }),
  };
}
