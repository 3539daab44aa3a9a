import { RadiographError } from '#common/errors.ts';

const LONGEST_KEY = 128;
/** ASCII that is seen when it is printed. */
const KEY = /^[\x21-\x7e]+$/;

/** @returns null when none was given @throws RadiographError BAD_USER_INPUT for what can be no key */
export function checkedIdempotencyKey(key: string | null | undefined): string | null {
  if (key == null) return null;
  if (key.length > LONGEST_KEY || !KEY.test(key))
    throw new RadiographError(
      'BAD_USER_INPUT',
      `Expected an idempotencyKey of 1 to ${LONGEST_KEY} printable ASCII characters without spaces`,
    );
  return key;
}
