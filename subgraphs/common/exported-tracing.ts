import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  SpanKind as Kind,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SpanKind, SpanStart, TraceSpan, Tracing } from './request-scope.ts';
import type { TracingConfig } from './tracing-config.ts';

const KINDS: Record<SpanKind, Kind> = {
  server: Kind.SERVER,
  client: Kind.CLIENT,
  internal: Kind.INTERNAL,
  consumer: Kind.CONSUMER,
};

const EVERY_MS = 1_000;
/** A collector that is away or slow costs these spans, nothing else. */
const MOST_WAITING = 2_048;
const EXPORT_MS = 5_000;
/** Of the time that a process has to drain. */
const LAST_EXPORT_MS = 1_500;

/** Sends spans to a collector in batches, beside the work. What it cannot take in time is dropped. */
export function exportedTracing(service: string, { endpoint, ratio }: TracingConfig): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: EXPORT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'radiograph',
      'service.name': service,
      'service.instance.id': randomUUID(),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: EVERY_MS,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('radiograph');
  return {
    begin(name, start, traceparent) {
      const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
      return opened(tracer, name, start, parent ? { ...parent, isRemote: true } : undefined);
    },
    async [Symbol.asyncDispose]() {
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, pause(LAST_EXPORT_MS, undefined, { ref: false })]);
    },
  };
}

const contexts = new WeakMap<TraceSpan, SpanContext>();

function opened(
  tracer: Tracer,
  name: string,
  { kind, attributes = {}, links = [] }: SpanStart,
  parent: SpanContext | undefined,
): TraceSpan {
  const above = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const linked = links.flatMap((link) => {
    const context = contexts.get(link);
    return context ? { context } : [];
  });
  const options = { kind: KINDS[kind], attributes: { ...attributes }, links: linked };
  return asTraceSpan(tracer, tracer.startSpan(name, options, above));
}

function asTraceSpan(tracer: Tracer, span: Span): TraceSpan {
  const context = span.spanContext();
  const { traceId, spanId, traceFlags } = context;
  const sampled = traceFlags & TraceFlags.SAMPLED ? '01' : '00';
  const made: TraceSpan = {
    traceId,
    traceparent: `00-${traceId}-${spanId}-${sampled}`,
    child: (name, start) => opened(tracer, name, start, context),
    set: (attributes) => void span.setAttributes({ ...attributes }),
    fail(code) {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
  contexts.set(made, context);
  return made;
}
