import { pino } from 'pino';
import { Registry } from 'prom-client';
import { featuresOf } from '../domain/cohort.ts';
import type { IcuModel, KnownPatient } from '../domain/icu-model.ts';
import { defaultCohort } from '../domain/synthetic-cohort.ts';
import { irisEngine } from '../engines/iris/iris-engine.ts';
import type { IrisConfig } from '../engines/iris/iris-sql.ts';
import { inserts, SCHEMA } from '../engines/iris/schema.ts';
import { ACCOUNT, type FakeIris, type FakeIrisOptions, startFakeIris } from './fake-iris.ts';

export type FakePlace = AsyncDisposable & {
  readonly fake: FakeIris;
  readonly patients: readonly KnownPatient[];
  open(settings?: Partial<IrisConfig>): Promise<IcuModel>;
};

const LEARNT_FROM = 60;

/** A fake IRIS as the deployment leaves it: two hundred patients, others to learn from, and a trained model. */
export async function fakePlace(options?: FakeIrisOptions): Promise<FakePlace> {
  const fake = await startFakeIris(options);
  const cohort = defaultCohort();
  const patients = cohort.patients.map(({ id, observations }) => ({
    id,
    features: featuresOf(observations),
  }));
  const shown = patients.map((one) => ({ ...one, admitted: null, heldOut: false }));
  const learntFrom = cohort.cases
    .slice(0, LEARNT_FROM)
    .map((one, i) => ({ ...one, id: `t${i + 1}`, heldOut: i % 4 === 3 }));
  const run = async (sql: string) => {
    const answer = await fake.database.execute(sql, []);
    if ('error' in answer) throw new Error(answer.error);
  };
  for (const sql of [...SCHEMA, ...inserts([...shown, ...learntFrom])]) await run(sql);
  await run('CREATE MODEL IcuAdmission PREDICTING (IcuLater INTEGER) FROM Icu.Training');
  await run('TRAIN MODEL IcuAdmission AS IcuAdmission_seed FROM Icu.Training USING {"seed":42}');
  fake.database.readsOfTraining = 4;
  return {
    fake,
    patients,
    open: async (settings) =>
      irisEngine(fakeConfig(fake, settings), new Registry(), pino({ level: 'silent' })),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

export function fakeConfig(fake: FakeIris, settings: Partial<IrisConfig> = {}): IrisConfig {
  const { url } = fake;
  return { ...ACCOUNT, url, model: 'IcuAdmission', adHocSubselect: false, deadlineMs: 5_000, ...settings };
}
