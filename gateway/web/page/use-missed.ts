import { useEffect } from 'preact/hooks';
import type { Answer } from './graph.ts';

/** Looks for a radiograph again when the answer to another question says that it, or a picture of it, is not there.
 *  @param renew asks for the radiograph */
export function useMissed({ data, faults }: Answer<{ radiograph: unknown }>, renew: () => void): void {
  const missed =
    (data?.radiograph === null && faults.length === 0) || faults.some(({ code }) => code === 'NOT_FOUND');
  useEffect(() => {
    if (missed) renew();
  }, [missed, renew]);
}
