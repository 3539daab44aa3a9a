import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of its own for each process, so that tests can run several services in one. Label values are
 *  names and codes, never ids. */
export function serviceMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
