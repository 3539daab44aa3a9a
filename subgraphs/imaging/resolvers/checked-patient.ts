import { RadiographError } from '#common/errors.ts';

const LONGEST_ID = 128;

/** @throws RadiographError BAD_USER_INPUT for what can be no patient's id */
export function checkedPatient(patientId: string | null | undefined): string | null {
  if (patientId == null) return null;
  if (patientId.length === 0 || patientId.length > LONGEST_ID || /\p{Cc}/u.test(patientId))
    throw new RadiographError(
      'BAD_USER_INPUT',
      `Expected a patientId of 1 to ${LONGEST_ID} characters, none of them a control character`,
    );
  return patientId;
}
