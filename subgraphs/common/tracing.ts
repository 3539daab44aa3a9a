import type { Tracing } from './request-scope.ts';
import type { TracingConfig } from './tracing-config.ts';

const OFF: Tracing = { begin: () => undefined, [Symbol.asyncDispose]: async () => undefined };

/** Without an endpoint nothing of OpenTelemetry is loaded. */
export async function openTracing(service: string, config: TracingConfig | undefined): Promise<Tracing> {
  if (!config) return OFF;
  const { exportedTracing } = await import('./exported-tracing.ts');
  return exportedTracing(service, config);
}
