import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { SECONDS, serviceMetrics } from '#common/metrics.ts';
import { operationMetrics } from '#common/operation-metrics.ts';
import type { UploadClaim } from '#common/upload-claim.ts';

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
    operations: operationMetrics(registry),
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
      help: 'Breaker of a subgraph: 0 closed, 1 half open, 2 open',
      labelNames: ['subgraph'] as const,
      registers,
    }),
    supergraphReloads: new Counter({
      name: 'supergraph_reloads_total',
      help: 'New supergraphs by what became of them',
      labelNames: ['outcome'] as const,
      registers,
    }),
    uploads: uploadMetrics(registry),
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
    rateLimitRedis: new Gauge({
      name: 'rate_limit_redis_up',
      help: 'Whether gateways count requests together, in Redis; 1 where that is not asked for',
      registers,
    }),
    events: new Counter({
      name: 'subscription_events_total',
      help: 'Events that were handed to subscribers, by whether they hold errors',
      labelNames: ['outcome'] as const,
      registers,
    }),
  };
}

export type UploadMetrics = ReturnType<typeof uploadMetrics>;

function uploadMetrics(registry: Registry) {
  const registers = [registry];
  const files = new Counter({
    name: 'uploaded_files_total',
    help: 'Uploaded files by what became of them: kept, or the code of the refusal',
    labelNames: ['outcome'] as const,
    registers,
  });
  const bytes = new Histogram({
    name: 'uploaded_file_bytes',
    help: 'Size of the uploaded files that were kept',
    buckets: [16, 64, 256, 1024, 4096, 16_384, 65_536].map((kib) => kib * 1024),
    registers,
  });
  return {
    underWay: new Gauge({
      name: 'uploads_in_flight',
      help: 'Requests with files that are not answered yet',
      registers,
    }),
    taken(claim: UploadClaim): void {
      files.inc({ outcome: claim.kept ? 'kept' : claim.code });
      if (claim.kept) bytes.observe(claim.bytes);
    },
  };
}
