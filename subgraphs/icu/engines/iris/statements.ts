import type { Features, KnownPatient } from '../../domain/icu-model.ts';
import type { Statement } from './atelier-session.ts';
import { COLUMNS, digestOf, valuesOf } from './iris-columns.ts';

/** What may stand in a statement as a name: models and runs cannot be parameters. Unqualified, since models have no
 *  schema; IRIS tells names apart by 96 characters. */
export const MODEL_NAME = /^[A-Za-z][A-Za-z0-9_]{0,95}$/;

/** Parameters of one IN list. */
export const LARGEST_CHUNK = 100;
/** Lists are filled up to one of these lengths, so that IRIS keeps few cached queries. */
const LIST_SIZES = [1, 10, LARGEST_CHUNK];
const MOST_VERSIONS = 100;
const NAMES = COLUMNS.map(({ column }) => column).join(', ');
const MARKS = COLUMNS.map(() => '?').join(', ');
/** Minutes count only in the mode TIME. A label of 0 and 1 is not to be taken for a quantity. */
const TRAINING_SETTINGS = { seed: 42, TrainMode: 'TIME', MaxTime: 5, IsRegression: 0 };

/** The statements of one model: fixed texts in which nothing but values varies, and those are parameters.
 *  Every column has an alias, since IRIS numbers what has none. */
export function modelStatements(model: string) {
  const name = checkedName(model);
  const predictions = (version: string) => {
    const trained = `${name} USE ${checkedName(version)}`;
    return `PREDICT(${trained}) AS Predicted, PROBABILITY(${trained} FOR 1) AS Probability`;
  };
  const statement = (
    called: string,
    sql: string,
    parameters: Statement['parameters'],
    most = 1,
  ): Statement => ({ name: called, sql, parameters, most });
  return {
    answering: statement(
      'answering',
      'SELECT DEFAULT_TRAINED_MODEL_NAME AS Answering FROM INFORMATION_SCHEMA.ML_MODELS WHERE MODEL_NAME = ?',
      [name],
    ),
    trained: statement(
      'trained',
      `SELECT TOP ${MOST_VERSIONS} TRAINED_MODEL_NAME AS Version FROM INFORMATION_SCHEMA.ML_TRAINED_MODELS WHERE MODEL_NAME = ? ORDER BY TRAINED_TIMESTAMP DESC`,
      [name],
      MOST_VERSIONS,
    ),
    /** The age by the clock of IRIS: how it writes timestamps depends on its settings. */
    runs: statement(
      'runs',
      `SELECT TOP ${MOST_VERSIONS} TRAINING_RUN_NAME AS Run, RUN_STATUS AS RunStatus, DATEDIFF('ss', START_TIMESTAMP, GETUTCDATE()) AS AgeSeconds FROM INFORMATION_SCHEMA.ML_TRAINING_RUNS WHERE MODEL_NAME = ? ORDER BY START_TIMESTAMP DESC`,
      [name],
      MOST_VERSIONS,
    ),
    assess(version: string, ids: readonly string[]): Statement {
      const list = filledUp(ids);
      const sql = `SELECT PatientId AS Patient, RowDigest AS RowDigest, ${predictions(version)} ${fromIds(list)}`;
      return statement('assess', sql, list, ids.length);
    },
    stored(ids: readonly string[]): Statement {
      const list = filledUp(ids);
      return statement('stored', `SELECT PatientId AS Patient ${fromIds(list)}`, list, ids.length);
    },
    store: ({ id, features }: KnownPatient) =>
      statement(
        'store',
        `INSERT OR UPDATE Icu.Observation (PatientId, RowDigest, ${NAMES}) VALUES (?, ?, ${MARKS})`,
        [id, digestOf(features), ...valuesOf(features)],
      ),
    /** In a derived table: a parameter does not work in a common table expression, and without a type it is text. */
    assessValues: (version: string, features: Features) =>
      statement(
        'assess values',
        `SELECT ${predictions(version)} FROM (SELECT ${COLUMNS.map(({ column }) => `CAST(? AS DOUBLE) AS ${column}`).join(', ')})`,
        valuesOf(features),
      ),
    keepForNow: (id: string, askedAt: number, features: Features) =>
      statement(
        'keep for now',
        `INSERT INTO Icu.Transient (AssessmentId, AskedAt, ${NAMES}) VALUES (?, ?, ${MARKS})`,
        [id, askedAt, ...valuesOf(features)],
      ),
    assessKept: (version: string, id: string) =>
      statement('assess kept', `SELECT ${predictions(version)} FROM Icu.Transient WHERE AssessmentId = ?`, [
        id,
      ]),
    remove: (id: string) => statement('remove', 'DELETE FROM Icu.Transient WHERE AssessmentId = ?', [id]),
    sweep: (before: number) => statement('sweep', 'DELETE FROM Icu.Transient WHERE AskedAt < ?', [before]),
    train: (run: string) =>
      statement(
        'train',
        `TRAIN MODEL ${name} AS ${checkedName(run)} FROM Icu.Training USING ${JSON.stringify(TRAINING_SETTINGS)}`,
        [],
      ),
  };
}

function fromIds(list: readonly string[]): string {
  return `FROM Icu.Observation WHERE PatientId IN (${list.map(() => '?').join(', ')})`;
}

function filledUp(ids: readonly string[]): string[] {
  const size = LIST_SIZES.find((one) => one >= ids.length) ?? LARGEST_CHUNK;
  return Array.from({ length: size }, (_, i) => ids[i] ?? ids[0] ?? '');
}

function checkedName(name: string): string {
  if (MODEL_NAME.test(name)) return name;
  throw new RangeError('Expected the name of a model: a letter, then letters, digits or underscores');
}
