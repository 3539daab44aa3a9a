import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { COLUMNS } from '../engines/iris/iris-columns.ts';

/** What a statement gives, or the text with which IRIS refuses it. */
export type FakeAnswer =
  | { readonly columns: string[]; readonly rows: Record<string, unknown>[] }
  | { readonly error: string };

export type FakeIrisDatabase = Disposable & {
  execute(sql: string, parameters: readonly SQLInputValue[]): Promise<FakeAnswer>;
  /** Looks into the tables, in the words of SQLite. */
  read(sql: string): Record<string, unknown>[];
  /** A training ends when the list of runs has been read so often, and this is resolved. */
  readsOfTraining: number;
  trainingEnds: Promise<void>;
  /** Whether a run that has begun is listed. */
  listsRuns: boolean;
};

const SCHEMA = `
  ATTACH ':memory:' AS Icu;
  ATTACH ':memory:' AS INFORMATION_SCHEMA;
  CREATE TABLE INFORMATION_SCHEMA.ML_MODELS (MODEL_NAME TEXT PRIMARY KEY COLLATE NOCASE, DEFAULT_TRAINED_MODEL_NAME TEXT);
  CREATE TABLE INFORMATION_SCHEMA.ML_TRAINED_MODELS (
    MODEL_NAME TEXT COLLATE NOCASE, TRAINED_MODEL_NAME TEXT PRIMARY KEY COLLATE NOCASE, TRAINED_TIMESTAMP TEXT, INTERCEPT REAL);
  CREATE TABLE INFORMATION_SCHEMA.ML_TRAINING_RUNS (
    MODEL_NAME TEXT COLLATE NOCASE, TRAINING_RUN_NAME TEXT PRIMARY KEY COLLATE NOCASE, START_TIMESTAMP TEXT, RUN_STATUS TEXT);
`;

const NAMES = COLUMNS.map(({ column }) => column).join(', ');

/** SQLite behind the dialect of IRIS: the statements of the engine and the generated files run on real tables, so a
 *  column or a parameter too many is refused as it would be there. PREDICT and PROBABILITY are a fixed logistic
 *  function of a few columns whose intercept comes from the rows that TRAIN MODEL finds. */
export function fakeIrisDatabase(): FakeIrisDatabase {
  const db = new DatabaseSync(':memory:');
  db.exec(SCHEMA);
  let clock = Date.UTC(2026, 10, 1);
  const timestamp = () => {
    clock += 1_000;
    return timestampOf(clock);
  };
  const trained = (version: string) =>
    db
      .prepare(
        'SELECT INTERCEPT AS intercept FROM INFORMATION_SCHEMA.ML_TRAINED_MODELS WHERE TRAINED_MODEL_NAME = ?',
      )
      .get(version);
  db.function('GETUTCDATE', () => timestampOf(Date.now()));
  db.function('DATEDIFF', (unit, from, to) => {
    if (unit !== 'ss') throw new Error(`no such unit: ${unit}`);
    return Math.round((Date.parse(`${to}Z`) - Date.parse(`${from}Z`)) / 1_000);
  });
  const probability = (version: SQLInputValue | undefined, values: readonly unknown[]) => {
    const intercept = Number(trained(String(version))?.intercept);
    const value = (code: string, mean: number) => {
      const at = COLUMNS.findIndex((column) => column.code === code);
      return Number(values[at] ?? mean) - mean;
    };
    const log = intercept - 0.35 * value('spo2', 95) + 0.12 * value('respiratory_rate', 19);
    return 1 / (1 + Math.exp(-log - 0.02 * value('age', 58) - 0.3 * value('lactate', 1.5)));
  };
  db.function('PROBABILITY', { varargs: true }, (version, ...values) => probability(version, values));
  db.function('PREDICT', { varargs: true }, (version, ...values) =>
    Number(probability(version, values) >= 0.5),
  );

  const atWork = new Set<{ readAgain(): void }>();
  const database: FakeIrisDatabase = {
    readsOfTraining: 0,
    trainingEnds: Promise.resolve(),
    listsRuns: true,
    async execute(sql, parameters) {
      try {
        const create = /^CREATE MODEL (\w+) PREDICTING \(IcuLater INTEGER\) FROM (Icu\.\w+)$/.exec(sql);
        if (create) {
          db.prepare('INSERT INTO INFORMATION_SCHEMA.ML_MODELS VALUES (?, NULL)').run(create[1] ?? '');
          return { columns: [], rows: [] };
        }
        const train = /^TRAIN MODEL (\w+) AS (\w+) FROM (Icu\.\w+) USING (\{.*\})$/.exec(sql);
        if (train) return await trainModel(train[1] ?? '', train[2] ?? '', train[3] ?? '', train[4] ?? '');
        if (sql.includes('ML_TRAINING_RUNS')) for (const training of atWork) training.readAgain();
        const statement = db.prepare(translated(sql));
        const columns = statement.columns().map(({ name }) => name);
        return { columns, rows: statement.all(...parameters) as Record<string, unknown>[] };
      } catch (error) {
        return { error: irisText(error as Error) };
      }
    },
    read: (sql) => db.prepare(sql).all() as Record<string, unknown>[],
    [Symbol.dispose]: () => db.close(),
  };

  function readSoOften(reads: number): Promise<void> {
    if (reads === 0) return Promise.resolve();
    return new Promise((resolve) => {
      let left = reads;
      const training = {
        readAgain() {
          left -= 1;
          // After the answer to this reading.
          if (left <= 0 && atWork.delete(training)) setImmediate(resolve);
        },
      };
      atWork.add(training);
    });
  }

  async function trainModel(
    model: string,
    run: string,
    source: string,
    settings: string,
  ): Promise<FakeAnswer> {
    JSON.parse(settings);
    if (!db.prepare('SELECT 1 FROM INFORMATION_SCHEMA.ML_MODELS WHERE MODEL_NAME = ?').get(model))
      return { error: 'SQLCODE: -181 Message: Model or Trained Model not found' };
    const seen = db
      .prepare(`SELECT avg(IcuLater) AS rate, count(DISTINCT IcuLater) AS labels FROM ${source}`)
      .get();
    if (seen?.labels !== 2)
      return { error: 'SQLCODE: -185 Message: Predicting Column only has one unique value' };
    const start = timestampOf(Date.now());
    if (database.listsRuns)
      db.prepare("INSERT INTO INFORMATION_SCHEMA.ML_TRAINING_RUNS VALUES (?, ?, ?, 'training')").run(
        model,
        run,
        start,
      );
    await readSoOften(database.readsOfTraining);
    await database.trainingEnds;
    const rate = Number(seen.rate);
    db.prepare('INSERT INTO INFORMATION_SCHEMA.ML_TRAINED_MODELS VALUES (?, ?, ?, ?)').run(
      ...([model, run, timestamp(), Math.log(rate / (1 - rate))] as const),
    );
    db.prepare(
      'UPDATE INFORMATION_SCHEMA.ML_MODELS SET DEFAULT_TRAINED_MODEL_NAME = ? WHERE MODEL_NAME = ?',
    ).run(run, model);
    db.prepare(
      "UPDATE INFORMATION_SCHEMA.ML_TRAINING_RUNS SET RUN_STATUS = 'Completed' WHERE TRAINING_RUN_NAME = ?",
    ).run(run);
    return { columns: [], rows: [] };
  }

  /** From the dialect of IRIS to that of SQLite. @throws Error with a text of IRIS */
  function translated(sql: string): string {
    const top = /^SELECT TOP (\d+) /.exec(sql);
    return `${sql}${top ? ` LIMIT ${top[1]}` : ''}`
      .replace(/^SELECT TOP \d+ /, 'SELECT ')
      .replace(/\$LENGTH\(/g, 'length(')
      .replace(
        /\b(PREDICT|PROBABILITY)\((\w+)(?: USE (\w+))?(?: FOR (\w+))?\)/g,
        (_, name, model, version, label) => {
          const known = db
            .prepare(
              'SELECT DEFAULT_TRAINED_MODEL_NAME AS latest FROM INFORMATION_SCHEMA.ML_MODELS WHERE MODEL_NAME = ?',
            )
            .get(model);
          if (!known) throw new Error(`SQLCODE: -181 Message: Model '${model}' not found`);
          const used = version ?? known.latest;
          if (used === null) throw new Error('SQLCODE: -191 Message: Model has no default trained model.');
          if (!trained(used)) throw new Error(`SQLCODE: -181 Message: Trained Model '${used}' not found`);
          if (label !== undefined && !['0', '1'].includes(label))
            throw new Error(
              'SQLCODE: -400 Message: fatal error [%msg: <PREDICT execution error: ERROR #2853: Specified positive label value not found in the dataset.>]',
            );
          return `${name}('${used}', ${NAMES})`;
        },
      )
      .replace(/^INSERT OR UPDATE (\S+) \(((\w+), [^)]*)\) (.*)$/, (_, table, columns: string, key, rest) => {
        const updates = columns.split(', ').map((column) => `${column} = excluded.${column}`);
        return `INSERT INTO ${table} (${columns}) ${rest} ON CONFLICT (${key}) DO UPDATE SET ${updates.join(', ')}`;
      });
  }
  return database;
}

function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

function irisText({ message }: Error): string {
  if (message.startsWith('SQLCODE')) return message;
  const [, table] = /^no such table: (.*)$/.exec(message) ?? [];
  if (table) return `SQLCODE: -30 Message: Table '${table.toUpperCase()}' not found`;
  const [, field] = /(?:no such column: |has no column named )(.*)$/.exec(message) ?? [];
  if (field)
    return `SQLCODE: -29 Message: Field '${field.toUpperCase()}' not found in the applicable tables^ SELECT ...`;
  if (message.startsWith('UNIQUE')) return 'SQLCODE: -119 Message: UNIQUE or PRIMARY KEY constraint failed';
  return `SQLCODE: -1 Message: ${message}`;
}
