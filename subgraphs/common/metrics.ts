import { collectDefaultMetrics, Registry } from 'prom-client';
import { addRuntimeMetrics } from './runtime-metrics.ts';

/** A registry of its own for each process, so that tests can run several services in one. Label values are
 *  names and codes, never ids. */
export function serviceMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  addRuntimeMetrics(registry);
  return registry;
}

/** For what answers within seconds. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
