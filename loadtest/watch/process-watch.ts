import { cpuMs, listeningProcess, residentBytes } from './process-usage.ts';
import type { ServiceUrls } from './service-metrics.ts';

/** What a process used, second by second: seconds since the watch began, CPU in cores, resident memory in MB. */
export type Usage = {
  readonly name: string;
  readonly samples: readonly { readonly at: number; readonly cores: number; readonly megabytes: number }[];
  readonly cpuMs: number;
};

const DRIVER = 'driver';

/** Watches the processes that listen where the services have their metrics, and this one. Where there is no /proc, or
 *  the process is not ours to see, it is left out. */
export function watchProcesses(services: ServiceUrls, everyMs = 1_000): () => Usage[] {
  const began = performance.now();
  const watched = [...processesOf(services)].map(([name, pid]) => ({
    name,
    pid,
    first: cpuMs(pid),
    last: cpuMs(pid),
    lastAt: began,
    samples: [] as { at: number; cores: number; megabytes: number }[],
  }));
  const look = () => {
    for (const process of watched) {
      try {
        const now = performance.now();
        const used = cpuMs(process.pid);
        const sinceLast = now - process.lastAt;
        const cores = (used - process.last) / sinceLast;
        process.last = used;
        process.lastAt = now;
        // The clock of the kernel ticks 100 times a second: a short time tells nothing.
        if (sinceLast < everyMs / 2) continue;
        const megabytes = residentBytes(process.pid) / 2 ** 20;
        process.samples.push({ at: (now - began) / 1_000, cores, megabytes });
      } catch {
        // It has ended; what it used until then stays.
      }
    }
  };
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return watched.map(({ name, samples, first, last }) => ({ name, samples, cpuMs: last - first }));
  };
}

function processesOf(services: ServiceUrls): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, url] of services) {
    try {
      found.set(name, listeningProcess(Number(new URL(url).port)));
    } catch {
      // Elsewhere, or another user's.
    }
  }
  try {
    cpuMs(process.pid);
    found.set(DRIVER, process.pid);
  } catch {
    // No /proc.
  }
  return found;
}

/** Slope of a line through points by least squares, in units of y for one of x. NaN for fewer than two points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
