import type { Features } from '../../domain/icu-model.ts';
import { COLUMNS, digestOf, valuesOf } from './iris-columns.ts';

/** A patient of the cohort. `admitted` is null where the outcome is not to be learnt from; the model is validated on
 *  those who are held out, and never trained on them. */
export type CohortRow = {
  readonly id: string;
  readonly features: Features;
  readonly admitted: boolean | null;
  readonly heldOut: boolean;
};

const TYPED = COLUMNS.map(({ column }) => `${column} DOUBLE`).join(', ');
const NAMES = COLUMNS.map(({ column }) => column).join(', ');

/** Tables of the engine and the views that the model learns from: those hold the columns that are known in time and
 *  the outcome, never an id, since a model takes every column for a feature, and never a row without an outcome. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE Icu.Observation (PatientId VARCHAR(128) NOT NULL UNIQUE, RowDigest VARCHAR(64), HeldOut INTEGER, IcuLater INTEGER, ${TYPED})`,
  `CREATE TABLE Icu.Transient (AssessmentId VARCHAR(36) NOT NULL UNIQUE, AskedAt BIGINT NOT NULL, ${TYPED})`,
  `CREATE VIEW Icu.Training AS SELECT ${NAMES}, IcuLater FROM Icu.Observation WHERE IcuLater IS NOT NULL AND HeldOut = 0`,
  `CREATE VIEW Icu.Holdout AS SELECT ${NAMES}, IcuLater FROM Icu.Observation WHERE IcuLater IS NOT NULL AND HeldOut = 1`,
];

/** What the account of the engine needs: no table of anybody else, no DDL. */
export function grants(role: string): string[] {
  return [
    `GRANT SELECT, INSERT, UPDATE ON Icu.Observation TO ${role}`,
    `GRANT SELECT, INSERT, DELETE ON Icu.Transient TO ${role}`,
    `GRANT SELECT ON Icu.Training TO ${role}`,
    `GRANT %USE_MODEL TO ${role}`,
    // For icuModelTrain; where nobody trains through Radiograph, revoke it.
    `GRANT %MANAGE_MODEL TO ${role}`,
  ];
}

/** One INSERT for each patient. Ids are letters and digits; all else is numbers, so nothing needs to be escaped. */
export function inserts(cohort: Iterable<CohortRow>): string[] {
  return [...cohort].map(({ id, features, admitted, heldOut }) => {
    if (!/^\w{1,128}$/.test(id)) throw new RangeError('Expected letters and digits as the id of a patient');
    const values = valuesOf(features).map((value) => value ?? 'NULL');
    const label = admitted === null ? 'NULL' : Number(admitted);
    return `INSERT INTO Icu.Observation (PatientId, RowDigest, HeldOut, IcuLater, ${NAMES}) VALUES ('${id}', '${digestOf(features)}', ${Number(heldOut)}, ${label}, ${values.join(', ')})`;
  });
}
