/** `number` counts the patients as they were loaded. */
export type StoredPatient = { readonly id: string; readonly number: number };

/** One measured value; `observedAt` in ms since 1970. */
export type Observation = { readonly code: string; readonly value: number; readonly observedAt: number };
