import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Gauge, type Registry } from 'prom-client';

/** What the runtime can tell beside the library's default metrics: how busy the event loop is, and how much there is of
 *  what may run out. */
export function addRuntimeMetrics(registry: Registry): void {
  const registers = [registry];
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'Share of the time since the last scrape that the event loop was at work, 0 to 1',
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
  new Gauge({
    name: 'nodejs_heap_limit_bytes',
    help: 'Size of the heap at which the process ends',
    registers,
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  new Gauge({
    name: 'process_memory_limit_bytes',
    help: 'Memory that the process may use: the limit of its control group, else that of the machine',
    registers,
    collect() {
      const limit = process.constrainedMemory();
      // Without a limit it is 0, or larger than any memory.
      this.set(limit > 0 && limit < totalmem() ? limit : totalmem());
    },
  });
}

/** Room on the disk of a folder. */
export function addDiskMetrics(registry: Registry, folder: string): void {
  const gauge = (name: string, help: string, of: 'bavail' | 'blocks') =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const disk = await statfs(folder).catch(() => undefined);
        this.set(disk ? disk[of] * disk.bsize : Number.NaN);
      },
    });
  gauge('data_disk_free_bytes', 'Room on the disk of the data folder that is left to the service', 'bavail');
  gauge('data_disk_size_bytes', 'Size of the disk of the data folder', 'blocks');
}
