import { RadiographError } from '#common/errors.ts';
import { hasPassed, timeOf } from '../domain/clinical-time.ts';
import { type Cohort, featuresOf, type TrainingCase } from '../domain/cohort.ts';
import { OBSERVATION_TYPE_BY_CODE } from '../domain/observation-types.ts';
import { LONGEST_PATIENT_ID, type Observation } from '../domain/patient.ts';
import { type Mapping, ownTypes } from './mapping-format.ts';
import type { SheetRow } from './sheet.ts';

export type SheetCohort = {
  readonly cohort: Cohort;
  /** Patients who were in the ICU in the first window: of them there is nothing left to predict. */
  readonly alreadyInIcu: number;
};

const HOUR_MS = 3_600_000;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** What a FHIR id is made of, so that a patient can be asked for by every route. */
const ID = /^[A-Za-z0-9.-]+$/;

/** The columns that a mapping reads. */
export function columnsOf({ patient, arrival, window, outcome, observations }: Mapping): Set<string> {
  const named = [patient, arrival, window?.column, outcome.column].filter((column) => column !== undefined);
  return new Set([...named, ...observations.map(({ column }) => column)]);
}

/** Makes patients of rows. Values are of the first window alone, and patients who were in the ICU in it are left out: what
 *  is measured later may be measured because of the admission. A model may learn from a window after it as well, of those
 *  who were not in the ICU by then.
 *  @param now when there is no column of arrivals, ms since 1970 @throws RadiographError BAD_USER_INPUT */
export function sheetCohort(rows: readonly SheetRow[], mapping: Mapping, now: number): SheetCohort {
  const patients: { id: string; observations: Observation[] }[] = [];
  const cases: TrainingCase[] = [];
  let alreadyInIcu = 0;
  for (const [id, own] of Map.groupBy(rows, (row) => idOf(row, mapping))) {
    const first = firstRow(own, mapping);
    const outcomes = own.map((row) => ({ row, admitted: outcomeOf(row, mapping) }));
    if (mapping.window && outcomes.some(({ row, admitted }) => row === first && admitted)) {
      alreadyInIcu += 1;
      continue;
    }
    const observations = observationsOf(first, mapping, now);
    patients.push({ id: `${mapping.cohort}-${id}`, observations });
    const known = outcomes.map(({ admitted }) => admitted).filter((admitted) => admitted !== undefined);
    if (known.length === 0) continue;
    const learned = [
      observations,
      ...laterWindows(outcomes, mapping).map((row) => observationsOf(row, mapping, now)),
    ];
    for (const each of learned)
      cases.push({ patient: id, features: featuresOf(each), admitted: known.includes(true) });
  }
  return { cohort: { name: mapping.cohort, types: ownTypes(mapping), patients, cases }, alreadyInIcu };
}

function idOf({ line, cells }: SheetRow, { patient, cohort }: Mapping): string {
  const id = cells.get(patient) ?? '';
  const longest = LONGEST_PATIENT_ID - `${cohort}-`.length;
  if (ID.test(id) && id.length <= longest) return id;
  throw new RadiographError(
    'BAD_USER_INPUT',
    `Line ${line}, column ${patient}: expected 1 to ${longest} letters, digits, dots or dashes, got another text`,
  );
}

function firstRow(rows: readonly SheetRow[], { window, patient }: Mapping): SheetRow {
  const windows = rows.map(({ cells }) => (window ? cells.get(window.column) : window));
  for (const [i, row] of rows.entries())
    if (windows.indexOf(windows[i]) !== i)
      throw new RadiographError(
        'BAD_USER_INPUT',
        `Line ${row.line}: expected one row for each ${window ? 'window of a patient' : 'patient'}, got a second one`,
      );
  const first = rows.find((_, i) => windows[i] === window?.first);
  if (first) return first;
  throw new RadiographError(
    'BAD_USER_INPUT',
    `Line ${rows[0]?.line}, column ${patient}: expected a row of the first window for the patient, got none`,
  );
}

function laterWindows(
  outcomes: readonly { readonly row: SheetRow; readonly admitted: boolean | undefined }[],
  { window }: Mapping,
): SheetRow[] {
  const rows: SheetRow[] = [];
  for (const text of window?.alsoLearn ?? []) {
    const found = outcomes.find(({ row }) => window && row.cells.get(window.column) === text);
    if (found?.admitted !== false) break;
    rows.push(found.row);
  }
  return rows;
}

function outcomeOf({ line, cells }: SheetRow, { outcome, missing }: Mapping): boolean | undefined {
  const cell = cells.get(outcome.column) ?? '';
  if (cell === '' || missing.includes(cell)) return undefined;
  if (outcome.admitted.includes(cell)) return true;
  if (outcome.others.includes(cell)) return false;
  throw new RadiographError(
    'BAD_USER_INPUT',
    `Line ${line}, column ${outcome.column}: expected ${[...outcome.admitted, ...outcome.others].join(' or ')}, got another text`,
  );
}

function observationsOf(row: SheetRow, mapping: Mapping, now: number): Observation[] {
  // Times are stored in whole milliseconds.
  const windowMs = Math.round(mapping.windowHours * HOUR_MS);
  const arrival = arrivalOf(row, mapping, now) ?? now - windowMs;
  return mapping.observations.flatMap((observation) => {
    const cell = row.cells.get(observation.column) ?? '';
    if (cell === '' || mapping.missing.includes(cell)) return [];
    const value = numberOf(cell, observation);
    const where = `Line ${row.line}, column ${observation.column}`;
    if (value === undefined)
      throw new RadiographError(
        'BAD_USER_INPUT',
        `${where}: expected ${observation.values ? `one of ${Object.keys(observation.values).join(', ')}` : 'a number such as -1.25'}, got another text`,
      );
    const type = observation.type ?? OBSERVATION_TYPE_BY_CODE.get(observation.code);
    if (type && !(value >= type.minimum && value <= type.maximum))
      throw new RadiographError(
        'BAD_USER_INPUT',
        `${where}: expected ${type.minimum} to ${type.maximum} ${type.unit} for ${observation.code}, got a value outside`,
      );
    // Of a window that has not ended the values are known by now.
    const observedAt = observation.onArrival ? arrival : Math.min(arrival + windowMs, Math.max(arrival, now));
    return [{ code: observation.code, value, observedAt }];
  });
}

function numberOf(
  cell: string,
  { values, factor, offset }: Mapping['observations'][number],
): number | undefined {
  const given = values
    ? Object.hasOwn(values, cell)
      ? values[cell]
      : undefined
    : NUMBER.test(cell)
      ? Number(cell)
      : undefined;
  return given === undefined ? undefined : given * factor + offset;
}

function arrivalOf({ line, cells }: SheetRow, { arrival }: Mapping, now: number): number | undefined {
  if (arrival === undefined) return undefined;
  const at = timeOf(cells.get(arrival) ?? '');
  if (at !== undefined && hasPassed(at, now)) return at;
  const wanted = at === undefined ? 'a time such as 2026-11-01T08:30:00Z' : 'a time that has passed';
  throw new RadiographError(
    'BAD_USER_INPUT',
    `Line ${line}, column ${arrival}: expected ${wanted}, got another`,
  );
}
