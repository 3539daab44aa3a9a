/** The longest id of a patient: with the digest of an assessment it has to fit into the 64 characters of a FHIR id. */
export const LONGEST_PATIENT_ID = 47;

/** `number` counts the patients as they were loaded. */
export type StoredPatient = { readonly id: string; readonly number: number };

/** One measured value; `observedAt` in ms since 1970. */
export type Observation = { readonly code: string; readonly value: number; readonly observedAt: number };
