import { Gauge, type Registry } from 'prom-client';

export type WatchedBulkhead = {
  /** What cockatiel tells of places that are free. */
  readonly bulkhead: { readonly executionSlots: number; readonly queueSlots: number };
  readonly slots: number;
  readonly queue: number;
};

/** Adds gauges `<name>_running` and `<name>_queued` of work that is limited, and `<name>_slots` of how much may run. */
export function addBulkheadMetrics(
  registry: Registry,
  name: string,
  help: string,
  watched: WatchedBulkhead,
): void {
  const { bulkhead, slots, queue } = watched;
  const gauge = (what: string, words: string, read: () => number) =>
    new Gauge({
      ...{ name: `${name}_${what}`, help: `${help}${words}`, registers: [registry] },
      collect() {
        this.set(read());
      },
    });
  gauge('running', '', () => slots - bulkhead.executionSlots);
  gauge('queued', ', waiting for a place', () => queue - bulkhead.queueSlots);
  gauge('slots', ', at most', () => slots);
}
