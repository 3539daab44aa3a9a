import { RadiographError } from '#common/errors.ts';

/** Counts what each caller uploads at the same time.
 *  @returns enters an upload for a caller, and gives what ends it
 *  @throws RadiographError RATE_LIMITED when the caller has `most` under way */
export function uploadsAtOnce(most: number): (caller: string) => () => void {
  const underWay = new Map<string, number>();
  return (caller) => {
    const count = underWay.get(caller) ?? 0;
    if (count >= most) throw new RadiographError('RATE_LIMITED', `Expected at most ${most} uploads at once`);
    underWay.set(caller, count + 1);
    let open = true;
    return () => {
      const left = (underWay.get(caller) ?? 0) - (open ? 1 : 0);
      open = false;
      if (left > 0) underWay.set(caller, left);
      else underWay.delete(caller);
    };
  };
}
