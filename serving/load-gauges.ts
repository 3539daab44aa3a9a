import { Gauge, type Registry } from 'prom-client';
import type { ModelRegistry } from './model-registry.ts';

const STATES = ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] as const;

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
  new Gauge({
    name: 'serving_model_versions',
    help: 'Versions of a model by their state',
    labelNames: ['model', 'state'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const model of new Set(models.versions.map((one) => one.model)))
        for (const state of STATES)
          this.set(
            { model, state },
            models.versions.filter((one) => one.model === model && one.state === state).length,
          );
    },
  });
  gauge('serving_queued_images', 'Images that wait for a thread', 'queued');
  gauge('serving_running_images', 'Images on a thread', 'running');
  new Gauge({
    name: 'serving_threads',
    help: 'Threads that run the network',
    labelNames: ['model', 'version'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { model, version, pool } of models.versions)
        if (pool) this.set({ model, version: String(version) }, pool.threads);
    },
  });
}
