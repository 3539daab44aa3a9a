import { Counter, Histogram, type Registry } from 'prom-client';

export type RenderingMetrics = {
  readonly seconds: Histogram<'colormap'>;
  readonly reused: Counter;
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
    reused: new Counter({
      name: 'heatmap_reused_total',
      help: 'Heatmaps answered by a picture drawn before, or being drawn',
      registers: [registry],
    }),
  };
}
