import { createHash } from 'node:crypto';
import type { Features } from '../../domain/icu-model.ts';
import { OBSERVATION_TYPES } from '../../domain/observation-types.ts';

/** A column of IRIS for each kind of observation, such as DDimer for `d_dimer`: words that no SQL reserves. */
export const COLUMNS = OBSERVATION_TYPES.map(({ code }) => ({
  code,
  column: code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
}));

/** One value for each column; null for what was not measured. */
export function valuesOf(features: Features): (number | null)[] {
  return COLUMNS.map(({ code }) => features.get(code) ?? null);
}

/** Whether the model can say something: it knows one of the kinds, or nothing at all was measured. */
export function isAssessable(features: Features): boolean {
  return features.size === 0 || COLUMNS.some(({ code }) => features.has(code));
}

/** Tells rows with other values apart, so that a row that was not brought up to date is noticed. */
export function digestOf(features: Features): string {
  return createHash('sha256')
    .update(JSON.stringify(valuesOf(features)))
    .digest('hex');
}
