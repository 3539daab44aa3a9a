import { type Cohort, featuresOf, type TrainingCase } from './cohort.ts';
import { OBSERVATION_TYPE_BY_CODE } from './observation-types.ts';
import type { Observation } from './patient.ts';
import { type Random, seededRandom } from './random.ts';

/** The name of the cohort that a new ledger is filled with. */
export const SYNTHETIC = 'synthetic';

/** A made-up patient: no real person's values. `admitted` tells whether the patient came to the ICU after the
 *  observations were made. */
export type SyntheticPatient = {
  readonly id: string;
  readonly observations: Observation[];
  readonly admitted: boolean;
};

/** The first two hours in hospital; all patients are outside the ICU then, so no value follows from the outcome. */
const WINDOW_MS = 2 * 60 * 60_000;
/** A fixed arrival, so that equal seeds give equal cohorts. */
const FIRST_ARRIVAL = Date.UTC(2026, 0, 1);
const BETWEEN_ARRIVALS_MS = 37 * 60_000;

const SHOWN_PATIENTS = 200;
const SHOWN_SEED = 2020;
/** The model learns from other patients than those it is shown with. */
const TRAINING_PATIENTS = 1_500;
const TRAINING_SEED = 7;

/** What an empty ledger is filled with: patients "1" to "200", and others to learn from. */
export function defaultCohort(): Cohort {
  return {
    name: SYNTHETIC,
    types: [],
    patients: syntheticCohort(SHOWN_PATIENTS, SHOWN_SEED),
    cases: syntheticCases(TRAINING_PATIENTS, TRAINING_SEED),
  };
}

export function syntheticCases(count: number, seed: number): TrainingCase[] {
  return syntheticCohort(count, seed).map(({ id, observations, admitted }) => ({
    patient: id,
    features: featuresOf(observations),
    admitted,
  }));
}

/** A synthetic cohort in physical units. A latent severity (standard normal, worse with age and comorbidities) moves
 *  the vital signs and laboratory values and, with noise of its own, the later admission; about one in four is
 *  admitted. Lactate and D-dimer are measured more often in the severely ill, as in practice.
 *  @returns patients with ids "1" to `count` */
export function syntheticCohort(count: number, seed: number): SyntheticPatient[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => syntheticPatient(String(index + 1), index, random));
}

function syntheticPatient(id: string, index: number, random: Random): SyntheticPatient {
  const age = Math.round(clamp(random.normal(58, 17), 18, 98));
  const old = (age - 58) / 17;
  const hypertension = random.chance(logistic(-0.9 + 0.8 * old));
  const diabetes = random.chance(logistic(-1.5 + 0.5 * old));
  const immunocompromised = random.chance(0.08);
  const male = random.chance(0.56);
  const comorbid = Number(hypertension) + Number(diabetes) + 2 * Number(immunocompromised);
  const severity = random.normal(0.35 * old + 0.15 * comorbid - 0.15, 1);
  const admitted = random.chance(logistic(-1.75 + 1.6 * severity + 0.25 * old));
  const arrival = FIRST_ARRIVAL + index * BETWEEN_ARRIVALS_MS;
  const observations: Observation[] = [];
  const measure = (code: string, value: number, digits: number) => {
    const { minimum, maximum } = OBSERVATION_TYPE_BY_CODE.get(code) ?? { minimum: value, maximum: value };
    const observedAt = arrival + Math.round(random.uniform() * WINDOW_MS);
    observations.push({ code, value: Number(clamp(value, minimum, maximum).toFixed(digits)), observedAt });
  };

  for (const [code, value] of Object.entries({ age, sex: male, hypertension, diabetes, immunocompromised }))
    measure(code, Number(value), 0);
  measure('heart_rate', random.normal(86 + 9 * severity, 12), 0);
  measure('respiratory_rate', random.normal(19 + 3.2 * severity, 3), 0);
  measure('spo2', Math.min(100, random.normal(95.5 - 2.4 * severity, 1.6)), 0);
  measure('temperature', random.normal(37.4 + 0.25 * severity, 0.7), 1);
  measure('systolic_bp', random.normal(128 - 4 * severity + 6 * Number(hypertension), 15), 0);
  measure('diastolic_bp', random.normal(76 - 3 * severity, 10), 0);
  if (random.chance(0.85)) measure('crp', Math.exp(random.normal(3.4 + 0.55 * severity, 0.7)), 1);
  if (random.chance(0.85)) measure('lymphocytes', Math.exp(random.normal(0.25 - 0.25 * severity, 0.4)), 2);
  if (random.chance(logistic(-0.4 + 0.9 * severity)))
    measure('lactate', Math.exp(random.normal(0.35 + 0.25 * severity, 0.35)), 1);
  if (random.chance(logistic(-0.2 + 0.7 * severity)))
    measure('d_dimer', Math.exp(random.normal(-0.4 + 0.45 * severity, 0.7)), 2);
  return { id, observations, admitted };
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
