import type { PatientRisk, RiskReason } from './patient-risk.ts';

export const NOT_FOR_CLINICAL_USE =
  'Computed by a demonstration model that is not approved as a medical device: never for clinical use without approval.';

/** UCUM units that a reader would not write so. */
const UNITS: Readonly<Record<string, string>> = {
  '/min': 'per minute',
  '10*9/L': '× 10⁹/L',
  a: 'years',
  Cel: '°C',
  'mm[Hg]': 'mmHg',
  'ug/mL': 'µg/mL',
};
/** How the graph displays what is there or not: "Diabetes (0 no, 1 yes)". */
const YES_OR_NO = /^(.+) \(0 ([^,]+), 1 ([^)]+)\)$/;

/** @param share 0 to 1 @returns such as "73 %" or "72.9 %" */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** What was measured, in plain words, such as "Oxygen saturation 88 %"; undefined when it was not. */
export function measurement({ display, value, unit }: RiskReason): string | undefined {
  if (value === null) return undefined;
  const [, name, no, yes] = YES_OR_NO.exec(display) ?? [];
  if (name && (value === 0 || value === 1)) return `${name}: ${value === 1 ? yes : no}`;
  const rounded = Math.round(value * 100) / 100;
  // Without a unit the number would run into the words before it.
  return unit === '1' ? `${display}: ${rounded}` : `${display} ${rounded} ${UNITS[unit] ?? unit}`;
}

/** A reason in plain words, such as "Oxygen saturation 88 % raises the risk". */
export function reasonInWords(reason: RiskReason): string {
  const [, name = reason.display] = YES_OR_NO.exec(reason.display) ?? [];
  const what = measurement(reason) ?? `${name}, not measured,`;
  return `${what} ${reason.contribution > 0 ? 'raises' : 'lowers'} the risk`;
}

/** How the probability stands to the threshold of its model. */
export function verdict({ probability, threshold, willBeAdmitted }: PatientRisk): string {
  const side = willBeAdmitted ? 'at or above' : 'below';
  return `${percent(probability)}, ${side} the model's threshold of ${percent(threshold)}`;
}
