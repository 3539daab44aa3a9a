export type StoredPatient = { readonly id: string };

/** One measured value; `observedAt` in ms since 1970. */
export type Observation = { readonly code: string; readonly value: number; readonly observedAt: number };
