import { useEffect, useRef } from 'preact/hooks';
import { type Fault, isWorthATry } from './fault.ts';
import type { JobStatus } from './job-operations.ts';
import { onceInSight } from './once-in-sight.ts';
import { type Radiograph, READING } from './radiograph-operations.ts';
import { useAnswer } from './use-answer.ts';

const LOOK_AGAIN_MS = 3_000;
/** Links to pictures live for 15 minutes at least. */
const RENEW_LINKS_MS = 10 * 60_000;

export const hasFailed = (job: JobStatus | null): boolean =>
  job?.state === 'FAILED' || job?.state === 'CANCELLED';

export type KnownReading = {
  readonly radiograph: Radiograph | undefined;
  /** Why there is no radiograph, or why what is known of it may be old. */
  readonly fault: Fault | undefined;
  readonly loading: boolean;
  again(): void;
};

/** A radiograph with its reading, asked for again until there is one, and later for links that live. */
export function useReading(id: string): KnownReading {
  const { data, faults, loading, again } = useAnswer(READING, { id });
  const radiograph = data?.radiograph ?? undefined;
  const passing = faults.find(isWorthATry);
  const wasThere = useRef(false);
  if (radiograph) wasThere.current = true;
  const missing = { code: wasThere.current ? 'GONE' : 'NOT_FOUND', message: '' };
  const pause = radiograph && pauseAfter(radiograph, passing);
  useEffect(
    () => (pause === undefined || loading ? undefined : onceInSight(pause, again)),
    [pause, loading, again],
  );
  return { radiograph, fault: radiograph ? passing : (faults[0] ?? missing), loading, again };
}

function pauseAfter({ classification, job }: Radiograph, fault: Fault | undefined): number {
  if (fault) return Math.max(LOOK_AGAIN_MS, (fault.retryAfterSeconds ?? 0) * 1000);
  return classification === null && !hasFailed(job) ? LOOK_AGAIN_MS : RENEW_LINKS_MS;
}
