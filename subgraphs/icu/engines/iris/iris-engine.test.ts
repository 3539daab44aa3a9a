import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import type { IcuAssessment, IcuModel, KnownPatient } from '../../domain/icu-model.ts';
import { refusal } from '../../testing/fake-iris.ts';
import { type FakePlace, fakeConfig, fakePlace } from '../../testing/fake-iris-place.ts';
import { icuAssessmentCases, icuTrainingCases } from '../icu-model-cases.ts';
import { digestOf } from './iris-columns.ts';
import { irisEngine } from './iris-engine.ts';

describe.each([
  ['by position', {}],
  ['by objects, in capitals', { api: 5, columnCase: (name: string) => name.toUpperCase() }],
])('over a fake IRIS that answers %s', (_form, options) => {
  icuAssessmentCases(() => fakePlace(options));
  icuTrainingCases(() => fakePlace(options));
});

describe('values in a derived table', () => {
  const place = async () => {
    const there = await fakePlace();
    return { ...there, open: () => there.open({ adHocSubselect: true }) };
  };
  icuAssessmentCases(place);
});

async function withEngine(
  work: (it: FakePlace & { model: IcuModel; patient: KnownPatient }) => Promise<void>,
  settings: Parameters<FakePlace['open']>[0] = {},
) {
  await using place = await fakePlace();
  await using model = await place.open(settings);
  const [patient] = place.patients;
  if (!patient) throw new Error('There is no patient');
  await swept(place);
  await work({ ...place, model, patient });
}

/** What an earlier process left is removed at the start, by the engine's first statement. */
const swept = ({ fake }: FakePlace) =>
  expect.poll(() => fake.requests.filter(({ sql }) => sql?.startsWith('DELETE')).length).toBe(1);
const statements = ({ fake }: FakePlace) => fake.requests.flatMap(({ sql }) => sql ?? []);
const rowsOf = ({ fake }: FakePlace, table: string) => fake.database.read(`SELECT * FROM Icu.${table}`);
const nothing = async () => undefined;
const assessed = async (model: IcuModel, patient: KnownPatient): Promise<IcuAssessment> => {
  const [answer] = await model.assessKnown([patient]);
  if (answer && 'probability' in answer) return answer;
  throw answer ?? new Error('The model knows none of the observations');
};

test('two hundred patients cost three statements and two sessions, asked for together or each alone', async () => {
  for (const ask of [
    (model: IcuModel, patients: readonly KnownPatient[]) => model.assessKnown(patients),
    async (model: IcuModel, patients: readonly KnownPatient[]) =>
      (await Promise.all(patients.map((one) => model.assessKnown([one])))).flat(),
  ])
    await withEngine(async ({ model, ...place }) => {
      const before = statements(place).length;
      const assessments = await ask(model, place.patients);
      expect(assessments).toHaveLength(200);
      expect(statements(place).length - before).toBe(3);
      expect(place.fake.sessions.most).toBeLessThanOrEqual(2);
      const named = statements(place).filter((sql) =>
        sql.includes('PROBABILITY(IcuAdmission USE IcuAdmission_seed FOR 1)'),
      );
      expect(named).toHaveLength(2);
    });
});

test('lists of any length are few texts, so that IRIS keeps few cached queries', async () => {
  await withEngine(async ({ model, ...place }) => {
    for (const count of [1, 2, 5, 10, 11, 57, 100]) {
      const assessments = await model.assessKnown(place.patients.slice(0, count));
      expect(assessments).toHaveLength(count);
    }
    expect(new Set(statements(place).filter((sql) => sql.includes('RowDigest'))).size).toBe(3);
  });
});

test('a patient whose row IRIS lacks, or has with other values, is written and then assessed', async () => {
  await withEngine(async ({ model, fake, patients }) => {
    const [first, second] = patients.slice(0, 2) as [KnownPatient, KnownPatient];
    const expected = await model.assessKnown([first, second]);
    fake.database.read("DELETE FROM Icu.Observation WHERE PatientId = '1'");
    fake.database.read("UPDATE Icu.Observation SET Spo2 = 40, RowDigest = 'old' WHERE PatientId = '2'");
    expect(await model.assessKnown([first, second])).toEqual(expected);
    const rows = fake.database.read("SELECT RowDigest FROM Icu.Observation WHERE PatientId IN ('1', '2')");
    expect(rows.map(({ RowDigest }) => RowDigest).toSorted()).toEqual(
      [digestOf(first.features), digestOf(second.features)].toSorted(),
    );
  });
});

test('the outcome that a row was learnt with stays when its values change', async () => {
  await withEngine(async ({ model, fake, patient }) => {
    await model.patientChanged({ ...patient, id: 't1' });
    const [row] = fake.database.read(
      "SELECT IcuLater, RowDigest FROM Icu.Observation WHERE PatientId = 't1'",
    );
    expect(row).toMatchObject({ IcuLater: expect.any(Number), RowDigest: digestOf(patient.features) });
  });
});

test('two operations that know other values of a patient get answers to their own', async () => {
  await withEngine(async ({ model, patient }) => {
    const ill = { ...patient, features: new Map([...patient.features, ['spo2', 60]]) };
    const [one, other] = await Promise.all([assessed(model, patient), assessed(model, ill)]);
    expect(other.probability).toBeGreaterThan(one.probability);
  });
});

test('a stored row that does not come back is a fault of that patient alone, and nothing is written', async () => {
  await withEngine(async ({ model, ...place }) => {
    const [first, second] = place.patients.slice(0, 2) as [KnownPatient, KnownPatient];
    await model.assessKnown([first]);
    place.fake.once(/RowDigest/, async (usual) => {
      const reply = await usual();
      const answer = JSON.parse(reply.body);
      answer.result[0].content = answer.result[0].content.filter(([id]: [string]) => id !== '1');
      return { ...reply, body: JSON.stringify(answer) };
    });
    expect(await model.assessKnown([first, second])).toMatchObject([
      { kind: 'protocol' },
      { probability: expect.any(Number) },
    ]);
    expect(statements(place).filter((sql) => sql.startsWith('INSERT'))).toEqual([]);
  });
});

test.each([null, '', 'abc', -0.1, 1.1])(
  'a probability of %j is a fault, never a risk of nought',
  async (value) => {
    await withEngine(async ({ model, fake, patient }) => {
      fake.once(/RowDigest/, async (usual) => {
        const reply = await usual();
        const answer = JSON.parse(reply.body);
        answer.result[0].content[0][3] = value;
        return { ...reply, body: JSON.stringify(answer) };
      });
      expect(await model.assessKnown([patient])).toMatchObject([{ code: 'ICU_UNAVAILABLE' }]);
    });
  },
);

test('predictions may come as texts', async () => {
  await withEngine(async ({ model, fake, patient }) => {
    const expected = await model.assessKnown([patient]);
    fake.once(/RowDigest/, async (usual) => {
      const reply = await usual();
      const answer = JSON.parse(reply.body);
      answer.result[0].content[0] = answer.result[0].content[0].map(String);
      return { ...reply, body: JSON.stringify(answer) };
    });
    expect(await model.assessKnown([patient])).toEqual(expected);
  });
});

test('a model that is missing, or was never trained, is told apart', async () => {
  await withEngine(async ({ model, fake, patient }) => {
    fake.database.read('UPDATE INFORMATION_SCHEMA.ML_MODELS SET DEFAULT_TRAINED_MODEL_NAME = NULL');
    expect(await model.assessKnown([patient])).toMatchObject([{ kind: 'untrained' }]);
    fake.database.read('DELETE FROM INFORMATION_SCHEMA.ML_MODELS');
    await expect(model.versions()).rejects.toMatchObject({ kind: 'model-missing' });
  });
});

test('a name of a version that is no name never becomes part of a statement', async () => {
  await withEngine(async ({ model, patient, ...place }) => {
    place.fake.database.read(
      "UPDATE INFORMATION_SCHEMA.ML_MODELS SET DEFAULT_TRAINED_MODEL_NAME = 'x FOR 0) --'",
    );
    expect(await model.assessKnown([patient])).toMatchObject([{ kind: 'protocol' }]);
    expect(statements(place).join('\n')).not.toContain('--');
  });
});

test('when the version that answers is removed, the one after it answers', async () => {
  await withEngine(async ({ model, fake, patient }) => {
    await model.assessKnown([patient]);
    fake.database.readsOfTraining = 0;
    await fake.database.execute(
      'TRAIN MODEL IcuAdmission AS IcuAdmission_other FROM Icu.Training USING {}',
      [],
    );
    fake.database.read(
      "DELETE FROM INFORMATION_SCHEMA.ML_TRAINED_MODELS WHERE TRAINED_MODEL_NAME = 'IcuAdmission_seed'",
    );
    const assessment = await assessed(model, patient);
    expect(assessment.model.version).toBe('IcuAdmission_other');
  });
});

describe('values that are not to be kept', () => {
  const VALUES = new Map([['spo2', 88]]);

  test('are gone from IRIS when the answer is there', async () => {
    await withEngine(async ({ model, ...place }) => {
      await model.assessUnknown(VALUES);
      expect(rowsOf(place, 'Transient')).toEqual([]);
      expect(rowsOf(place, 'Observation')).toHaveLength(260);
    });
  });

  test('are gone when the prediction fails, and when nobody knows whether they came in', async () => {
    await withEngine(async ({ model, ...place }) => {
      place.fake.once(/FROM Icu.Transient/, async () => refusal('SQLCODE: -400 Message: fatal error'));
      await expect(model.assessUnknown(VALUES)).rejects.toMatchObject({ sqlcode: -400 });
      expect(rowsOf(place, 'Transient')).toEqual([]);
      place.fake.once(/INTO Icu.Transient/, async (usual, response) => {
        await usual();
        response.destroy();
        return undefined;
      });
      await expect(model.assessUnknown(VALUES)).rejects.toMatchObject({ kind: 'unreachable' });
      expect(rowsOf(place, 'Transient')).toEqual([]);
    });
  });

  test('that a crash has left are removed at the next start, and fresh ones of others are left alone', async () => {
    await using place = await fakePlace();
    for (const [id, askedAt] of [
      ['old', Date.now() - 3_600_000],
      ['fresh', Date.now()],
    ] as const)
      await place.fake.database.execute('INSERT INTO Icu.Transient (AssessmentId, AskedAt) VALUES (?, ?)', [
        id,
        askedAt,
      ]);
    await using _model = await place.open();
    await expect.poll(() => rowsOf(place, 'Transient')).toMatchObject([{ AssessmentId: 'fresh' }]);
  });

  test('need no row in a derived table, with a type for each', async () => {
    await withEngine(
      async ({ model, ...place }) => {
        const before = statements(place).length;
        await model.assessUnknown(VALUES);
        const asked = statements(place).slice(before);
        expect(asked).toHaveLength(2);
        expect(asked[1]).toMatch(/FROM \(SELECT CAST\(\? AS DOUBLE\) AS Age, .*\)$/);
        expect(asked[1]).not.toContain('88');
      },
      { adHocSubselect: true },
    );
  });

  test.each([-193, -1, -12])(
    'go by a row from then on when the derived table is refused with %i',
    async (sqlcode) => {
      await withEngine(
        async ({ model, ...place }) => {
          place.fake.once(/FROM \(SELECT/, async () => refusal(`SQLCODE: ${sqlcode} Message: no`));
          const { probability } = await model.assessUnknown(VALUES);
          expect((await model.assessUnknown(VALUES)).probability).toBe(probability);
          expect(statements(place).filter((sql) => sql.includes('FROM (SELECT'))).toHaveLength(1);
          expect(rowsOf(place, 'Transient')).toEqual([]);
        },
        { adHocSubselect: true },
      );
    },
  );
});

test('a dead IRIS is a fault at once, for every method', async () => {
  const place = await fakePlace();
  const url = `http://127.0.0.1:${await freePort()}`;
  await using model = irisEngine(
    { ...fakeConfig(place.fake), url },
    new Registry(),
    pino({ level: 'silent' }),
  );
  const [patient] = place.patients as [KnownPatient];
  const from = performance.now();
  for (const ask of [
    () => model.versions(),
    () => assessed(model, patient),
    () => model.assessUnknown(patient.features),
    () => model.patientChanged(patient),
    () => model.train('t'),
    () => model.training('t'),
  ])
    await expect(ask()).rejects.toMatchObject({ code: 'ICU_UNAVAILABLE' });
  expect(performance.now() - from).toBeLessThan(1_000);
  await place[Symbol.asyncDispose]();
});

test('an IRIS that comes back is asked again', async () => {
  const port = await freePort();
  await using place = await fakePlace();
  await using model = await place.open({ url: `http://127.0.0.1:${port}` });
  const [patient] = place.patients as [KnownPatient];
  await expect(assessed(model, patient)).rejects.toMatchObject({ kind: 'unreachable' });
  await using again = await fakePlace({ port });
  expect(again.patients[0]).toEqual(patient);
  const answered = () => assessed(model, patient).then(({ probability }) => probability, nothing);
  await expect.poll(answered, { timeout: 10_000 }).toEqual(expect.any(Number));
});
