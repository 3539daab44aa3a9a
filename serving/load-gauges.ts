import { Gauge, type Registry } from 'prom-client';
import type { ModelRegistry } from './model-registry.ts';

/** Adds gauges of what each version has to do, read when the metrics are asked for. */
export function addLoadGauges(registry: Registry, models: ModelRegistry): void {
  const gauge = (name: string, help: string, of: 'queued' | 'running') =>
    new Gauge({
      name,
      help,
      labelNames: ['model', 'version'] as const,
      registers: [registry],
      collect() {
        this.reset();
        for (const { model, version, pool } of models.versions)
          if (pool) this.set({ model, version: String(version) }, pool.load[of]);
      },
    });
  gauge('serving_queued_images', 'Images that wait for a thread', 'queued');
  gauge('serving_running_images', 'Images on a thread', 'running');
}
