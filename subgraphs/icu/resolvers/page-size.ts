import { RadiographError } from '#common/errors.ts';

export const LARGEST_PAGE = 100;

/** @throws RadiographError BAD_USER_INPUT when `first` is below 1 or above `most` */
export function within(first: number, most: number): number {
  if (first >= 1 && first <= most) return first;
  throw new RadiographError('BAD_USER_INPUT', `Expected first between 1 and ${most}, got ${first}`);
}
