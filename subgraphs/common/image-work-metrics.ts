import { Gauge, type Registry } from 'prom-client';
import sharp from 'sharp';

/** What the threads of the image library have to do. */
export function addImageWorkMetrics(registry: Registry): void {
  const gauge = (name: string, help: string, of: 'queue' | 'process') =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(sharp.counters()[of]);
      },
    });
  gauge('image_work_queued', 'Pictures that wait for a thread of the image library', 'queue');
  gauge('image_work_running', 'Pictures on a thread of the image library', 'process');
}
