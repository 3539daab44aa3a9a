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
  const places = [...services].map(([name, url]) => [name, () => listeningProcess(portOf(url))] as const);
  const watched = [...places, [DRIVER, () => process.pid] as const].flatMap(
    ([name, find]) => opened(name, find) ?? [],
  );
  const look = () => {
    for (const one of watched) {
      try {
        const now = performance.now();
        const used = cpuMs(one.pid) - one.counted;
        one.counted += used;
        one.cpuMs += used;
        const sinceLast = now - one.lookedAt;
        one.lookedAt = now;
        // The clock of the kernel ticks 100 times a second: a short time tells nothing.
        if (sinceLast < everyMs / 2) continue;
        const megabytes = residentBytes(one.pid) / 2 ** 20;
        one.samples.push({ at: (now - began) / 1_000, cores: used / sinceLast, megabytes });
      } catch {
        // It has ended; another may have taken its place, whose time counts from zero.
        const next = opened(one.name, one.find);
        if (next) Object.assign(one, { pid: next.pid, counted: 0 });
      }
    }
  };
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return watched.map(({ name, samples, cpuMs: used }) => ({ name, samples, cpuMs: used }));
  };
}

type Watched = {
  readonly name: string;
  readonly find: () => number;
  pid: number;
  /** Time of this very process that was counted, or that it had used before. */
  counted: number;
  cpuMs: number;
  lookedAt: number;
  readonly samples: { at: number; cores: number; megabytes: number }[];
};

function opened(name: string, find: () => number): Watched | undefined {
  try {
    const pid = find();
    return { name, find, pid, counted: cpuMs(pid), cpuMs: 0, lookedAt: performance.now(), samples: [] };
  } catch {
    // Elsewhere, another user's, or there is no /proc.
    return undefined;
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Slope of a line through points by least squares, in units of y for one of x. NaN for fewer than two points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
