import { Counter, Histogram, type Registry } from 'prom-client';
import type { NewRadiograph } from '../domain/ledger.ts';

export type ImageMetrics = ReturnType<typeof imageMetrics>;

/** The shapes of the radiographs that come in. */
export function imageMetrics(registry: Registry) {
  const registers = [registry];
  const format = new Counter({
    name: 'radiographs_accepted_total',
    help: 'Radiographs accepted, by format',
    labelNames: ['format'] as const,
    registers,
  });
  const pixels = new Histogram({
    name: 'radiograph_megapixels',
    help: 'Size of the accepted radiographs, in millions of pixels',
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 40],
    registers,
  });
  const aspect = new Histogram({
    name: 'radiograph_aspect_ratio',
    help: 'Width by height of the accepted radiographs',
    buckets: [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.5, 2],
    registers,
  });
  return {
    accepted(radiograph: Pick<NewRadiograph, 'format' | 'width' | 'height'>): void {
      const { width, height } = radiograph;
      format.inc({ format: radiograph.format });
      pixels.observe((width * height) / 1e6);
      aspect.observe(width / height);
    },
  };
}
