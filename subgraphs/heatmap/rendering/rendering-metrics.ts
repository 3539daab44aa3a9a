import { Counter, Histogram, type Registry } from 'prom-client';
import { addBulkheadMetrics, type WatchedBulkhead } from '#common/bulkhead-metrics.ts';

export type RenderingMetrics = {
  readonly seconds: Histogram<'colormap'>;
  readonly reused: Counter;
  /** Shows what is drawn and what waits. */
  readonly watch: (drawing: WatchedBulkhead) => void;
};

export function renderingMetrics(registry: Registry): RenderingMetrics {
  return {
    seconds: new Histogram({
      name: 'heatmap_draw_seconds',
      help: 'Drawing of one heatmap, without waiting',
      labelNames: ['colormap'],
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
      registers: [registry],
    }),
    watch: (drawing) => addBulkheadMetrics(registry, 'heatmap_drawings', 'Heatmaps being drawn', drawing),
    reused: new Counter({
      name: 'heatmap_reused_total',
      help: 'Heatmaps answered by a picture drawn before, or being drawn',
      registers: [registry],
    }),
  };
}
