import { z } from 'zod';

/** Where spans go. */
export type TracingConfig = {
  /** Base address of an OTLP/HTTP receiver. */
  readonly endpoint: string;
  /** Of the traces that begin here, 0 to 1. */
  readonly ratio: number;
};

/** Of OpenTelemetry's standard names; the exporter itself reads `OTEL_EXPORTER_OTLP_HEADERS`. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'expected http(s)://…' }).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

export function tracingConfig(
  settings: z.output<z.ZodObject<typeof tracingSettings>>,
): TracingConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = settings;
  return endpoint === undefined ? undefined : { endpoint: endpoint.replace(/\/$/, ''), ratio };
}
